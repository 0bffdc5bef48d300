//! Links the kernel with its own script.

fn main() -> std::io::Result<()> {
    image_link::kernel("link.ld")
}
