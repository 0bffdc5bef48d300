//! A component that posts calls to pong's page, and says what became of them. Which, its graph says by parameters.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use log::LevelFilter;
use runtime::{Result, time};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import_page!(PONG: pong_interface::PongPage);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: main }

/// Declares parameters that are true or false, and runs what belongs to those that are true.
macro_rules! scenarios {
    ($($key:literal => $scenario:expr;)*) => {
        fn main() -> Result<()> {
            LOGGER.install(LevelFilter::Info);
            let posts = PONG.open()?;
            $({
                runtime::parameter!(CHOSEN: bool = false, $key);
                if CHOSEN.get() {
                    $scenario(&posts)?;
                }
            })*
            Ok(())
        }
    };
}

scenarios! {
    "batch" => poster::batch;
    "mixed" => poster::mixed;
    "lone" => |pong| poster::lone(pong, PONG.direct());
    "exhaust" => poster::exhaust;
    "forbidden" => |pong| poster::forbidden(pong, PONG.direct());
    "cost" => |pong| poster::cost(pong, PONG.direct(), time::ticks);
    "open-twice" => |_| open_twice();
}

fn open_twice() -> Result<()> {
    poster::open_twice(PONG.open().err());
    Ok(())
}
