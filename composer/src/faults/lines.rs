//! The table of source lines in an ELF file.

use std::fmt;

use addr2line::gimli::{self, Dwarf, EndianSlice};
use addr2line::{Context, demangle_auto};
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSection, ObjectSegment, ObjectSymbol, SegmentFlags, SymbolKind, elf};

use super::path;

/// A function, and how far it had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function, if it is known.
    pub function: Option<String>,
    /// File and line, if they are known.
    pub place: Option<String>,
    /// Whether the compiler has made the function before this one a part of this one.
    pub contains_the_last: bool,
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.contains_the_last { "inlined into" } else { "in" };
        let function = self.function.as_deref().unwrap_or("an unnamed function");
        write!(f, "{verb} {function}")?;
        self.place.iter().try_for_each(|place| write!(f, ", {place}"))
    }
}

/// Functions that are named at most; more are inlined into each other only by a compiler that went mad.
const MOST: usize = 16;

/// Debugging information in memory.
pub type Slice<'e> = EndianSlice<'e, gimli::LittleEndian>;

/// What an ELF file tells of its source. Addresses are those for which it was linked.
pub struct Lines<'e> {
    file: ElfFile64<'e, LittleEndian>,
    context: Option<Context<Slice<'e>>>,
}

impl<'e> Lines<'e> {
    /// Reads `elf`. `None` if it is no ELF file; a damaged table is as good as none.
    pub fn read(elf: &'e [u8]) -> Option<Self> {
        let file = ElfFile64::parse(elf).ok()?;
        let context = dwarf(&file).and_then(|dwarf| Context::from_dwarf(dwarf).ok());
        Some(Self { file, context })
    }

    /// The function that has `address`, and those that it is inlined into. Nothing if there is no code.
    pub fn frames(&self, address: u64) -> Vec<Frame> {
        if !self.is_code(address) {
            return Vec::new();
        }
        let mut frames = self.inlined(address).unwrap_or_default();
        if frames.is_empty() {
            frames.push(Frame { function: None, place: None, contains_the_last: false });
        }
        // The outermost one is in the table of symbols, with the path of its module.
        if let (Some(last), Some(symbol)) = (frames.last_mut(), self.symbol(address)) {
            last.function = Some(symbol);
        }
        frames.retain(|frame| frame.function.is_some() || frame.place.is_some());
        frames
    }

    fn inlined(&self, address: u64) -> Option<Vec<Frame>> {
        let mut found = self.context.as_ref()?.find_frames(address).skip_all_loads().ok()?;
        let mut frames: Vec<Frame> = Vec::new();
        while let (true, Ok(Some(frame))) = (frames.len() < MOST, found.next()) {
            let function = frame.function.and_then(|function| Some(function.demangle().ok()?.into_owned()));
            let place = frame.location.and_then(|location| {
                let file = path::shown(location.file?);
                Some(location.line.map_or(file.clone(), |line| format!("{file}:{line}")))
            });
            frames.push(Frame { function: function.map(plain), place, contains_the_last: !frames.is_empty() });
        }
        Some(frames)
    }

    fn is_code(&self, address: u64) -> bool {
        let mut segments = self.file.segments().filter(|segment| is_executable(segment.flags()));
        segments.any(|segment| contains(segment.address(), segment.size(), address))
    }

    fn symbol(&self, address: u64) -> Option<String> {
        let mut functions = self.file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
        let symbol = functions.find(|symbol| contains(symbol.address(), symbol.size(), address))?;
        Some(plain_name(symbol.name().ok()?))
    }
}

fn is_executable(flags: SegmentFlags) -> bool {
    matches!(flags, SegmentFlags::Elf { p_flags, .. } if p_flags.0 & elf::PF_X.0 != 0)
}

fn contains(start: u64, size: u64, address: u64) -> bool {
    address.checked_sub(start).is_some_and(|offset| offset < size)
}

/// The debugging information of an ELF file.
pub fn dwarf<'e>(file: &ElfFile64<'e, LittleEndian>) -> Option<Dwarf<Slice<'e>>> {
    let section = |id: gimli::SectionId| {
        let data = file.section_by_name(id.name()).and_then(|section| section.data().ok()).unwrap_or_default();
        Ok::<_, gimli::Error>(EndianSlice::new(data, gimli::LittleEndian))
    };
    Dwarf::load(section).ok()
}

/// What its author calls the function that the compiler calls `symbol`.
pub fn plain_name(symbol: &str) -> String {
    plain(demangle_auto(symbol.into(), None).into_owned())
}

/// A function's name without the compiler's hash behind it.
fn plain(name: String) -> String {
    match name.rsplit_once("::h") {
        Some((function, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            function.into()
        }
        _ => name,
    }
}
