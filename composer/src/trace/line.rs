//! Lines of the emulator's log.

/// No machine has more processors.
const CORES: usize = 256;

/// An instruction that is about to be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// The core's number.
    pub core: usize,
    /// The instruction's address.
    pub address: u64,
    /// Whether that is at user level.
    pub is_at_user_level: bool,
}

/// The instruction that `line` is about.
pub fn executed(line: &str) -> Option<Executed> {
    const PRIVILEGE_LEVEL: u64 = 3;
    let (core, rest) = line.strip_prefix("Trace ")?.split_once(':')?;
    let core = core.parse().ok().filter(|core| *core < CORES)?;
    let mut fields = rest.split_once('[')?.1.split(['/', ']']);
    let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
    let (address, flags) = (number(fields.nth(1)?)?, number(fields.next()?)?);
    Some(Executed { core, address, is_at_user_level: flags & PRIVILEGE_LEVEL == PRIVILEGE_LEVEL })
}

/// Whether the instruction of the line before was not executed after all: it is logged again when it is.
pub fn is_taken_back(line: &str) -> bool {
    line.starts_with("Stopped execution of TB chain before") || line.starts_with("cpu_io_recompile: rewound")
}

/// The number behind `name` in `line`.
pub fn hexadecimal(line: &str, name: &str) -> Option<u64> {
    let (_, rest) = line.split_once(name)?;
    let end = rest.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(rest.len());
    u64::from_str_radix(rest.get(..end)?, 16).ok()
}
