//! memcpy and its kin for images, which link no C library.
