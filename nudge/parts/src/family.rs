//! A process with all that it started, wherever that went: Pushpin gives each of its processes a group of its own, and the
//! kernel gives what a killed process leaves behind to nobody in particular.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::{Pid, getpgid};

/// What children inherit, and by which they are known.
const VARIABLE: &str = "NUDGE_PART";
/// How often what is killed is looked for once more: it may have started something a moment before.
const LOOKS: u32 = 50;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The processes of one part.
#[derive(Debug, Clone)]
pub(crate) struct Family {
    mark: String,
}

impl Family {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            mark: crate::place::random_text()?,
        })
    }

    /// Makes the process of `command`, and all that it starts, one of the family.
    pub(crate) fn adopt(&self, command: &mut Command) {
        command.env(VARIABLE, &self.mark);
    }

    /// Sends a signal to the group of `leader` and to every process of the family.
    pub(crate) fn signal(&self, leader: Pid, signal: Signal) {
        // Not only the members: PostgreSQL writes over what it inherited. Any of them may have ended meanwhile.
        killpg(leader, signal).ok();
        for member in self.members() {
            kill(member, signal).ok();
        }
    }

    /// Kills all of them, and returns when they are gone: they would hold the part's ports.
    pub(crate) fn end(&self, leader: Pid) {
        // Twice, as a process that is just becoming another program shows no environment for a moment.
        let mut looks_in_vain = 0;
        for _ in 0..LOOKS {
            self.signal(leader, Signal::SIGKILL);
            looks_in_vain = if self.members().is_empty() {
                looks_in_vain + 1
            } else {
                0
            };
            if looks_in_vain == 2 {
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// The memory of the group of `leader` and of every process of the family, in MiB; what several processes share counts
    /// in parts.
    pub(crate) fn memory(&self, leader: Pid) -> f64 {
        let members = self.members();
        let ours = |id: &Pid| members.contains(id) || getpgid(Some(*id)) == Ok(leader);
        let shares = processes().filter(ours).filter_map(|id| {
            let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.split_whitespace().next()?.parse::<f64>().ok()
        });
        shares.sum::<f64>() / 1024.0
    }

    /// As far as the kernel shows them, which Linux does.
    fn members(&self) -> Vec<Pid> {
        let entry = format!("{VARIABLE}={}", self.mark);
        processes()
            .filter(|id| {
                let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
                environment
                    .split(|byte| *byte == 0)
                    .any(|variable| variable == entry.as_bytes())
            })
            .collect()
    }
}

fn processes() -> impl Iterator<Item = Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    ids.map(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;

    use super::*;

    /// A child that left its parent's group before that was killed.
    #[test]
    fn what_a_killed_part_left_behind_is_found() {
        let family = Family::new().expect("a family");
        let mut command = Command::new("setsid");
        // It says when it runs, and then waits for input that never comes, without starting anything itself.
        command.args(["--fork", "sh", "-c", "echo; read -r _"]);
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        family.adopt(&mut command);
        let mut parent = command.spawn().expect("setsid");
        let leader = Pid::from_raw(i32::try_from(parent.id()).expect("an id"));
        let _input = parent.stdin.take();
        let mut output = parent.stdout.take().expect("its output");
        parent.wait().expect("setsid leaves its child behind");
        output.read_exact(&mut [0]).expect("the child runs");
        assert_eq!(family.members().len(), 1);
        family.end(leader);
        assert_eq!(family.members(), []);
    }
}
