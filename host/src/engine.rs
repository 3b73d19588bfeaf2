//! The engine that runs components, and its limits.

use std::time::Duration;

use anyhow::Result;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Most instances at work at once.
pub const MAX_INSTANCES: u32 = 256;
/// Most memory of one instance, in bytes.
pub const MAX_MEMORY: usize = 64 * 1024 * 1024;
/// How often a busy guest gives way to other work.
pub const TICK: Duration = Duration::from_millis(10);

/// Core modules of one component: itself, the adapter, the two small ones between them, twice for a composed one.
const MODULES_PER_COMPONENT: u32 = 16;
/// What of an instance's memory stays with its slot, so that the next one does not fault it in again.
const KEEP_RESIDENT: usize = 256 * 1024;

/// An engine with pooled instances and a thread that ticks its epoch for as long as it lives.
///
/// # Errors
/// When the machine can't reserve the address space.
pub fn new() -> Result<Engine> {
    let engine = Engine::new(&config(true)).or_else(|_| Engine::new(&config(false)))?;
    let weak = engine.weak();
    std::thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })?;
    Ok(engine)
}

/// `scan`: let the kernel say which pages an instance has touched (Linux 6.7 and later), which spares a system call for
/// every page when the slot is used again.
fn config(scan: bool) -> Config {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(MAX_INSTANCES)
        .total_core_instances(MAX_INSTANCES * 8)
        .total_memories(MAX_INSTANCES * 2)
        .total_tables(MAX_INSTANCES * 4)
        .total_stacks(MAX_INSTANCES)
        .max_core_instances_per_component(MODULES_PER_COMPONENT)
        .max_memories_per_component(4)
        .max_tables_per_component(8)
        .max_memory_size(MAX_MEMORY)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(4 * 1024)
        .pagemap_scan(if scan { Enabled::Yes } else { Enabled::No });
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
