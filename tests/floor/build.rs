//! Links the image.

fn main() -> std::io::Result<()> {
    image_link::kernel("link.ld")
}
