//! The one place that knows how images are linked; a build dependency of every image.
