//! Reads the bytes that TypeScript's `Writer` wrote: little endian, every read checked. Trusts nothing it reads.

use crate::error::{Code, Error, Result};

/// A position in encoded bytes.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes not yet read: an upper bound for any count that is about to be believed.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next `len` bytes.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8]> {
        if len > self.remaining() {
            let left = self.remaining();
            return Err(self.refuse(|| (format!("{len} more bytes"), format!("{left} left"))));
        }
        self.at += len;
        Ok(&self.bytes[self.at - len..self.at])
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.bytes(1)?[0])
    }

    /// An unsigned number: seven bits a byte, lowest first, the high bit says that more follow.
    pub fn varuint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.invalid("a number below 2^64", "a longer one"))
    }

    /// A size or an index: below 2^32 whatever the machine, so that every engine refuses the same bytes.
    pub fn size(&mut self) -> Result<usize> {
        let size = self.varuint()?;
        u32::try_from(size).map(|size| size as usize).map_err(|_| self.invalid("a size below 2^32", size))
    }

    /// A count of things that take at least `size` bytes each, so that a false one cannot ask for much memory.
    pub fn count(&mut self, size: usize) -> Result<usize> {
        let count = self.varuint()?;
        let most = self.remaining() / size.max(1);
        match usize::try_from(count) {
            Ok(count) if count <= most => Ok(count),
            _ => Err(self.refuse(|| (format!("at most {most} items"), count.to_string()))),
        }
    }

    /// Eight bytes, little endian.
    pub fn f64(&mut self) -> Result<f64> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.bytes(8)?);
        Ok(f64::from_le_bytes(bytes))
    }

    /// A length and as many bytes of UTF-8.
    pub fn str(&mut self) -> Result<&'a str> {
        let len = self.count(1)?;
        let bytes = self.bytes(len)?;
        std::str::from_utf8(bytes).map_err(|error| self.invalid("UTF-8", error))
    }

    /// That nothing is left over.
    pub fn end(&self) -> Result<()> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(self.refuse(|| ("the end".to_string(), format!("{left} more bytes")))),
        }
    }

    /// The error of bytes that are not what they should be.
    pub fn invalid(&self, expected: impl std::fmt::Display, got: impl std::fmt::Display) -> Error {
        self.refuse(|| (expected.to_string(), got.to_string()))
    }

    /// The same by two texts that are made when they are wanted.
    pub fn refuse(&self, words: impl FnOnce() -> (String, String)) -> Error {
        let at = self.at;
        Error::of(Code::PlanInvalid, || {
            let (expected, got) = words();
            format!("plan byte {at}: expected {expected}, got {got}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_was_written() {
        let mut bytes = vec![7, 0xac, 0x02, 3];
        bytes.extend("año".bytes().take(3));
        bytes.extend(1.5f64.to_le_bytes());
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.u8(), Ok(7));
        assert_eq!(reader.varuint(), Ok(300));
        assert_eq!(reader.str(), Ok("añ"));
        assert_eq!(reader.f64(), Ok(1.5));
        assert_eq!(reader.u8().unwrap_err().code, Code::PlanInvalid);
    }

    #[test]
    fn refuses_what_is_not_there() {
        for bytes in [&[][..], &[0x80], &[0xff; 11], &[5, b'a'], &[2, 0xc3, 0x28]] {
            assert_eq!(Reader::new(bytes).str().unwrap_err().code, Code::PlanInvalid, "{bytes:?}");
        }
        let mut largest = vec![0xff; 9];
        largest.push(1);
        assert_eq!(Reader::new(&largest).varuint(), Ok(u64::MAX));
        largest[9] = 2;
        assert!(Reader::new(&largest).varuint().is_err());
    }
}
