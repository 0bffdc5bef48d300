//! Calls a server that faults, and goes on.
#![no_std]
#![forbid(unsafe_code)]

use log::info;
use pong_interface::Pong;
use runtime::Result;

/// Asks `fragile` to fail, says what came back, and calls both servers again.
///
/// # Errors
///
/// Those of the calls that should succeed.
pub fn run(fragile: &impl Pong, pong: &impl Pong) -> Result<()> {
    match fragile.fails() {
        Ok(()) => info!("fragile did not fail"),
        Err(error) => info!("fragile failed: {error}"),
    }
    let (of_fragile, of_pong) = (fragile.add(2, 3)?, pong.add(2, 3)?);
    info!("and everything goes on: fragile answers {of_fragile}, pong answers {of_pong}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::Error;

    struct Mock {
        works: bool,
    }

    impl Pong for Mock {
        fn call(&self) -> pong_interface::Result<()> {
            Ok(())
        }

        fn add(&self, a: u64, b: u64) -> pong_interface::Result<u64> {
            if self.works { Ok(a + b) } else { Err(Error::Kernel(abi::error::Error::Revoked).into()) }
        }

        fn args(&self, a: u64, b: u64, c: u64, d: u64) -> pong_interface::Result<(u64, u64)> {
            Ok((a + b, c + d))
        }

        fn fails(&self) -> pong_interface::Result<()> {
            Err(Error::Kernel(abi::error::Error::Faulted).into())
        }
    }

    #[test]
    fn a_fault_of_the_server_is_no_failure_of_the_client() {
        assert_eq!(run(&Mock { works: true }, &Mock { works: true }), Ok(()));
    }

    #[test]
    fn a_server_that_is_gone_is() {
        let gone = Err(Error::Kernel(abi::error::Error::Revoked));
        assert_eq!(run(&Mock { works: false }, &Mock { works: true }), gone);
        assert_eq!(run(&Mock { works: true }, &Mock { works: false }), gone);
    }
}
