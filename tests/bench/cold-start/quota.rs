//! The part of a core that Lambda gives a function by its memory, as a control group.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The memory in MB with which a function gets a whole core.
const MB_OF_A_CORE: u64 = 1769;
/// The period of the CPU quota.
pub(crate) const PERIOD: Duration = Duration::from_millis(20);

/// A control group whose processes have a CPU quota.
pub(crate) struct CpuCgroup {
    group: PathBuf,
}

impl CpuCgroup {
    /// Creates a group. Returns `None` if this process may not create control groups.
    pub(crate) fn of_memory(mb: u64) -> Option<Self> {
        let name = format!("switchboard-bench-{}-{mb}", std::process::id());
        let period = u64::try_from(PERIOD.as_micros()).ok()?;
        let part = period * mb / MB_OF_A_CORE;
        let first = Path::new("/sys/fs/cgroup/cpu");
        let group =
            if first.join("cpu.cfs_quota_us").exists() { first } else { Path::new("/sys/fs/cgroup") }.join(name);
        fs::create_dir(&group).ok()?;
        let quota = Self { group };
        let set = if quota.group.join("cpu.cfs_quota_us").exists() {
            fs::write(quota.group.join("cpu.cfs_period_us"), period.to_string())
                .and_then(|()| fs::write(quota.group.join("cpu.cfs_quota_us"), part.to_string()))
        } else {
            fs::write(quota.group.join("cpu.max"), format!("{part} {period}"))
        };
        set.ok()?;
        Some(quota)
    }

    pub(crate) fn hold(&self, process: u32) {
        fs::write(self.group.join("cgroup.procs"), process.to_string()).unwrap();
    }
}

impl Drop for CpuCgroup {
    /// Retries, because the kernel can still be removing the ended processes.
    fn drop(&mut self) {
        for _ in 0..50 {
            if fs::remove_dir(&self.group).is_ok() {
                break;
            }
            std::thread::sleep(PERIOD);
        }
    }
}
