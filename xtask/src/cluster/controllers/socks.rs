//! The little of SOCKS 5 by which a program says, instead of resolving a name, whom it wants to reach.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use anyhow::{Result, bail};

const VERSION: u8 = 5;
/// An address as four bytes, or as a name with its length before it.
const IPV4: u8 = 1;
const NAME: u8 = 3;

/// Whom the connection is for, if it begins as SOCKS does. It is taken as if it were made, and goes on as that one's.
pub(super) fn host(stream: &mut TcpStream) -> Result<Option<String>> {
    let mut first = [0];
    stream.peek(&mut first)?;
    if first != [VERSION] {
        return Ok(None);
    }
    let [_, methods] = read(stream)?;
    stream.read_exact(&mut vec![0; methods.into()])?;
    // No authentication.
    stream.write_all(&[VERSION, 0])?;
    let [_, _, _, kind] = read(stream)?;
    let host = match kind {
        IPV4 => Ipv4Addr::from(read::<4>(stream)?).to_string(),
        NAME => {
            let [length] = read(stream)?;
            let mut name = vec![0; length.into()];
            stream.read_exact(&mut name)?;
            String::from_utf8(name)?
        }
        _ => bail!("an address of kind {kind}"),
    };
    let _port: [u8; 2] = read(stream)?;
    stream.write_all(&[VERSION, 0, 0, IPV4, 0, 0, 0, 0, 0, 0])?;
    Ok(Some(host))
}

fn read<const N: usize>(stream: &mut TcpStream) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}
