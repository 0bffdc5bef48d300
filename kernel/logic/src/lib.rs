//! What the kernel decides: safe functions over kernel objects, tested on the host.
