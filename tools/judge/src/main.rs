//! Reads files from stdin, each after its length as four little-endian bytes, and answers with a line for each: `no` and why,
//! or `yes` and all that is in it: metadata as `key=value`, tensors as `name dtype shape data`, both in order, and in
//! hexadecimal what may be any bytes.

use std::io::{self, Read, Write};

use safetensors::SafeTensors;

fn main() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut output = io::stdout().lock();
    let mut length = [0; 4];
    while input.read_exact(&mut length).is_ok() {
        let mut file = vec![0; u32::from_le_bytes(length) as usize];
        input.read_exact(&mut file)?;
        writeln!(output, "{}", verdict(&file))?;
        output.flush()?;
    }
    Ok(())
}

fn verdict(file: &[u8]) -> String {
    let tensors = match SafeTensors::deserialize(file) {
        Ok(tensors) => tensors,
        Err(error) => return format!("no {error:?}").replace(['\n', '\r'], " "),
    };
    let mut all: Vec<String> = tensors
        .iter()
        .map(|(name, view)| {
            format!("{} {} {:?} {}", hex(name.as_bytes()), view.dtype(), view.shape(), hex(view.data()))
        })
        .collect();
    all.sort();
    let mut texts: Vec<String> = match SafeTensors::read_metadata(file) {
        Ok((_, header)) => header.metadata().iter().flatten().map(pair).collect(),
        Err(error) => return format!("no {error:?}"),
    };
    texts.sort();
    format!("yes {} {}", texts.join(","), all.join(";"))
}

fn pair((key, value): (&String, &String)) -> String {
    format!("{}={}", hex(key.as_bytes()), hex(value.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
