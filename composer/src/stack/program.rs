//! The functions of an image, and what is known of them without looking at their code.

use std::collections::{BTreeMap, BTreeSet};

use iced_x86::{Decoder, DecoderOptions, Register};
use object::LittleEndian;
use object::elf::{SHT_SYMTAB, STT_FUNC};
use object::read::elf::{FileHeader, SectionHeader, Sym};

use super::problem::Problem;
use crate::elf::{Image, header, word_at};
use crate::faults::plain_name;

const ENDIAN: LittleEndian = LittleEndian;

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// What its author calls it.
    pub name: String,
    /// Its first address.
    pub start: u64,
    /// The first address behind it.
    pub end: u64,
}

/// An image as code.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    /// The image.
    pub image: &'a Image,
    /// The functions, by address.
    pub functions: Vec<Function>,
    /// Where hand-written code says how deep the stack is.
    pub declared: BTreeMap<u64, u64>,
    /// The addresses that code names, in order.
    named: Vec<u64>,
}

impl<'a> Program<'a> {
    /// Reads what the ELF file says beside its memory.
    pub fn read(file: &[u8], image: &'a Image) -> Result<Self, Vec<Problem>> {
        let functions = functions(file, image).unwrap_or_default();
        if functions.is_empty() {
            return Err(vec![Problem::NoSymbols]);
        }
        Ok(Self::new(image, functions, declared(file).unwrap_or_default()))
    }

    /// An image with these functions and declarations.
    pub fn new(image: &'a Image, functions: Vec<Function>, declared: BTreeMap<u64, u64>) -> Self {
        let mut program = Self { image, functions, declared, named: Vec::new() };
        program.named = program.find_named();
        program
    }

    fn find_named(&self) -> Vec<u64> {
        let mut named = Vec::new();
        for (function, code) in (0..self.functions.len()).filter_map(|at| self.code(at)) {
            for instruction in &mut Decoder::with_ip(64, code, function.start, DecoderOptions::NONE) {
                if instruction.memory_base() == Register::RIP {
                    named.push(instruction.memory_displacement64());
                }
            }
        }
        named.sort_unstable();
        named.dedup();
        named
    }

    /// Where the first thing behind `address` lies that code names.
    pub fn next_constant(&self, address: u64) -> u64 {
        let behind = self.named.partition_point(|named| *named <= address);
        self.named.get(behind).copied().unwrap_or(u64::MAX)
    }

    /// Where the instructions of `function` start.
    pub fn instructions(&self, function: &Function) -> BTreeSet<u64> {
        let code = self.image.memory.bytes(function.start, function.end - function.start).unwrap_or_default();
        Decoder::with_ip(64, code, function.start, DecoderOptions::NONE).iter().map(|next| next.ip()).collect()
    }

    /// The index of the function that starts at `address`.
    pub fn starting_at(&self, address: u64) -> Option<usize> {
        self.functions.binary_search_by_key(&address, |function| function.start).ok()
    }

    /// The code of the function at `index`.
    pub fn code(&self, index: usize) -> Option<(&Function, &[u8])> {
        let function = self.functions.get(index)?;
        Some((function, self.image.memory.bytes(function.start, function.end - function.start)?))
    }

    /// The word at `address`, if nobody can change it.
    pub fn constant(&self, address: u64) -> Option<u64> {
        if self.image.memory.is_writable(address) { None } else { self.word(address) }
    }

    /// The word at `address`, as the image starts with it.
    pub fn word(&self, address: u64) -> Option<u64> {
        word_at(self.image.memory.bytes(address, 8)?, 0)
    }

    /// The name of the function at `index`.
    pub fn name(&self, index: usize) -> String {
        self.functions.get(index).map(|function| function.name.clone()).unwrap_or_default()
    }
}

/// All functions, by address; one where several names mean the same.
fn functions(file: &[u8], image: &Image) -> Option<Vec<Function>> {
    let header = header(file).ok()?;
    let sections = header.sections(ENDIAN, file).ok()?;
    let symbols = sections.symbols(ENDIAN, file, SHT_SYMTAB).ok()?;
    let mut functions = Vec::new();
    for symbol in symbols.iter() {
        let (start, size) = (symbol.st_value(ENDIAN), symbol.st_size(ENDIAN));
        let Some(end) = start.checked_add(size) else { continue };
        let is_code = symbol.st_type() == STT_FUNC && size > 0 && image.memory.is_executable(start);
        if is_code && image.memory.bytes(start, size).is_some() {
            let name = symbols.symbol_name(ENDIAN, symbol).ok().and_then(|name| std::str::from_utf8(name).ok());
            functions.push(Function { name: plain_name(name.unwrap_or_default()), start, end });
        }
    }
    functions.sort_by_key(|function| (function.start, std::cmp::Reverse(function.end)));
    functions.dedup_by_key(|function| function.start);
    Some(functions)
}

/// Where code says how deep the stack is: pairs of an address and a number of bytes.
fn declared(file: &[u8]) -> Option<BTreeMap<u64, u64>> {
    let sections = header(file).ok()?.sections(ENDIAN, file).ok()?;
    let (_, section) = sections.section_by_name(ENDIAN, abi::stack::SECTION.as_bytes())?;
    let bytes = section.data(ENDIAN, file).ok()?;
    let pairs = bytes.chunks_exact(abi::stack::DECLARATION_BYTES);
    Some(pairs.filter_map(|pair| Some((word_at(pair, 0)?, word_at(pair, 8)?))).collect())
}
