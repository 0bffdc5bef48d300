//! Links the binary as a component's image.

fn main() -> std::io::Result<()> {
    image_link::component()
}
