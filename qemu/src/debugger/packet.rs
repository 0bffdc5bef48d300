//! The remote protocol's packets: `$data#checksum`, each acknowledged with `+`.

use std::io::{self, BufReader, Read, Write};

/// Bytes of data after which a packet cannot be one of the emulator's.
const LIMIT: usize = 1 << 16;

/// `data` as it goes over the line.
pub fn encode(data: &str) -> Vec<u8> {
    format!("${data}#{:02x}", checksum(data.as_bytes())).into_bytes()
}

fn checksum(data: &[u8]) -> u8 {
    data.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// Sends a packet; its acknowledgement precedes the answer, where [`receive`] skips it.
pub fn send(line: &mut impl Write, data: &str) -> io::Result<()> {
    line.write_all(&encode(data))
}

/// Receives a packet and acknowledges it.
pub fn receive(line: &mut BufReader<impl Read + Write>) -> io::Result<String> {
    while read_byte(line)? != b'$' {}
    let data = read_until_hash(line)?;
    let sum = [read_byte(line)?, read_byte(line)?];
    if sum != *format!("{:02x}", checksum(&data)).as_bytes() {
        return Err(malformed("a packet's checksum is wrong"));
    }
    line.get_mut().write_all(b"+")?;
    String::from_utf8(data).map_err(|_| malformed("a packet is no text"))
}

fn read_until_hash(line: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    while data.len() < LIMIT {
        match read_byte(line)? {
            b'#' => return Ok(data),
            byte => data.push(byte),
        }
    }
    Err(malformed("a packet does not end"))
}

fn read_byte(line: &mut impl Read) -> io::Result<u8> {
    let mut byte = [0];
    line.read_exact(&mut byte)?;
    Ok(byte[0])
}

fn malformed(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// The bytes that pairs of hexadecimal digits stand for; `None` if they are not that.
pub fn bytes(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?));
    if rest.is_empty() { bytes.collect() } else { None }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// A line with something to read, that keeps what is written.
    struct Line(Cursor<Vec<u8>>, Vec<u8>);

    impl Line {
        fn receiving(bytes: &[u8]) -> BufReader<Self> {
            BufReader::new(Self(Cursor::new(bytes.to_vec()), Vec::new()))
        }
    }

    impl Read for Line {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Line {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            self.1.write(buffer)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_packet_carries_its_checksum() {
        assert_eq!(encode("g"), b"$g#67");
        assert_eq!(encode("OK"), b"$OK#9a");
        assert_eq!(encode(""), b"$#00");
        assert_eq!(encode("Z1,400000,1"), b"$Z1,400000,1#38");
    }

    #[test]
    fn an_answer_is_found_behind_the_acknowledgement_and_acknowledged() {
        let mut line = Line::receiving(b"+$OK#9a");
        assert_eq!(receive(&mut line).unwrap(), "OK");
        assert_eq!(line.get_ref().1, b"+");
    }

    #[test]
    fn a_damaged_answer_is_refused() {
        for damaged in [&b"+$OK#9b"[..], b"+$OK#zz", b"+$OK", b"+$O\xff#4e"] {
            assert!(receive(&mut Line::receiving(damaged)).is_err(), "{damaged:?}");
        }
    }

    #[test]
    fn an_answer_without_an_end_is_given_up() {
        let endless = [b"$".to_vec(), vec![b'0'; 2 * LIMIT]].concat();
        assert_eq!(receive(&mut Line::receiving(&endless)).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn digits_are_read_in_pairs() {
        assert_eq!(bytes("0f05"), Some(vec![0x0f, 0x05]));
        assert_eq!(bytes(""), Some(vec![]));
        assert_eq!(bytes("0f0"), None);
        assert_eq!(bytes("xx"), None);
        assert_eq!(bytes("+1"), None);
    }
}
