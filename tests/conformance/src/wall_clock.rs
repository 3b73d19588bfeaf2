//! The time of day as one process sees it, which can be set while the rest of the machine keeps its own.
//!
//! Programs ask the kernel for the time by code that it maps into each of them (the vDSO); neither Go nor Java asks libc. Here
//! the code of one process is written over: it makes the system call and adds what the clock is ahead. Timers, and the
//! monotonic clock that they go by, stay as they are, as when an administrator sets the machine's clock.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Where an ELF file's header says where its program headers are, and how many.
const PROGRAM_HEADERS: (usize, usize) = (32, 56);
const PROGRAM_HEADER_LEN: usize = 56;
const SYMBOL_LEN: usize = 24;
/// Kinds of program headers.
const LOAD: u64 = 1;
const DYNAMIC: u64 = 2;
/// Entries of the dynamic section.
const HASH: u64 = 4;
const NAMES: u64 = 5;
const SYMBOLS: u64 = 6;

/// Sets the clock of process `pid` so many seconds ahead of the machine's. The process stands still for a moment.
///
/// # Panics
/// Where that can't be done: on other processors than x86-64, or when the process is somebody else's.
pub fn set_ahead(pid: u32, seconds: i32) {
    let process = Pid::from_raw(i32::try_from(pid).expect("a process"));
    kill(process, Signal::SIGSTOP).expect("the process is ours");
    // Until all its threads stand.
    thread::sleep(Duration::from_millis(20));
    let written = write_over(pid, seconds);
    kill(process, Signal::SIGCONT).expect("the process is ours");
    written.expect("the process' clock can be set");
}

fn write_over(pid: u32, seconds: i32) -> io::Result<()> {
    if !cfg!(target_arch = "x86_64") {
        let what = "only the code of x86-64 is known here";
        return Err(io::Error::new(io::ErrorKind::Unsupported, what));
    }
    let missing = |what: &str| io::Error::new(io::ErrorKind::NotFound, what.to_owned());
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let line = maps.lines().find(|line| line.ends_with("[vdso]"));
    let range = line.and_then(|line| line.split(' ').next()?.split_once('-'));
    let hex = |text| u64::from_str_radix(text, 16).ok();
    let (begin, end) = range
        .and_then(|(begin, end)| Some((hex(begin)?, hex(end)?)))
        .ok_or_else(|| missing("a vDSO"))?;
    let mut memory = File::options()
        .read(true)
        .write(true)
        .open(format!("/proc/{pid}/mem"))?;
    let mut image = vec![0; usize::try_from(end - begin).unwrap_or_default()];
    memory.seek(SeekFrom::Start(begin))?;
    memory.read_exact(&mut image)?;
    for (name, code) in codes(seconds) {
        let offset = find(&image, name).ok_or_else(|| missing(name))?;
        memory.seek(SeekFrom::Start(begin + offset))?;
        memory.write_all(&code)?;
    }
    Ok(())
}

/// The machine code that answers in the place of the vDSO's, by name.
fn codes(ahead: i32) -> [(&'static str, Vec<u8>); 3] {
    let ahead = ahead.to_le_bytes();
    let code = |before: &[u8]| [before, &ahead, &[0xc3]].concat();
    [
        (
            "__vdso_clock_gettime",
            // mov eax, 228; syscall; test edi, edi; jnz to the end; add qword [rsi], ahead; ret
            code(&[
                0xb8, 228, 0, 0, 0, 0x0f, 0x05, 0x85, 0xff, 0x75, 7, 0x48, 0x81, 0x06,
            ]),
        ),
        (
            "__vdso_gettimeofday",
            // mov eax, 96; syscall; add qword [rdi], ahead; ret
            code(&[0xb8, 96, 0, 0, 0, 0x0f, 0x05, 0x48, 0x81, 0x07]),
        ),
        (
            "__vdso_time",
            // mov eax, 201; syscall; add rax, ahead; ret
            code(&[0xb8, 201, 0, 0, 0, 0x0f, 0x05, 0x48, 0x05]),
        ),
    ]
}

/// Where in the image the function `name` begins.
fn find(image: &[u8], name: &str) -> Option<u64> {
    let number = |at: usize, len: usize| {
        let mut bytes = [0; 8];
        bytes[..len].copy_from_slice(image.get(at..at + len)?);
        Some(u64::from_le_bytes(bytes))
    };
    let place = |at: usize| usize::try_from(number(at, 8)?).ok();
    let headers = place(PROGRAM_HEADERS.0)?;
    let (mut base, mut dynamic) = (None, None);
    for index in 0..usize::try_from(number(PROGRAM_HEADERS.1, 2)?).ok()? {
        let header = headers + index * PROGRAM_HEADER_LEN;
        let (offset, address) = (place(header + 8)?, place(header + 16)?);
        match number(header, 4)? {
            LOAD => base = base.or(address.checked_sub(offset)),
            DYNAMIC => dynamic = Some(offset),
            _ => {}
        }
    }
    let (base, mut entry) = (base?, dynamic?);
    let (mut hash, mut names, mut symbols) = (None, None, None);
    while number(entry, 8)? != 0 {
        let value = place(entry + 8)?.checked_sub(base);
        match number(entry, 8)? {
            HASH => hash = value,
            NAMES => names = value,
            SYMBOLS => symbols = value,
            _ => {}
        }
        entry += 16;
    }
    let (names, symbols) = (names?, symbols?);
    // With only the newer kind of hash table nothing says how many symbols there are; the names follow them.
    let count = match hash {
        Some(hash) => usize::try_from(number(hash + 4, 4)?).ok()?,
        None => names.checked_sub(symbols)? / SYMBOL_LEN,
    };
    (0..count).find_map(|index| {
        let symbol = symbols + index * SYMBOL_LEN;
        let start = names + usize::try_from(number(symbol, 4)?).ok()?;
        let called = image.get(start..start + name.len() + 1)?;
        if called.strip_suffix(&[0])? != name.as_bytes() {
            return None;
        }
        number(symbol + 8, 8)?.checked_sub(u64::try_from(base).ok()?)
    })
}
