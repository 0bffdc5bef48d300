//! Graph file in, checked and explained system image out.
