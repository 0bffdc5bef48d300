//! The image of console.
#![no_std]
#![no_main]

use console::Uart;
use runtime::Ports;

runtime::ports!(SERIAL, "serial");

static UART: Uart<&Ports> = Uart::new(&SERIAL);

runtime::export!(console_interface::ConsoleServer => |caller| UART.serve(caller));

runtime::component! { initialise: initialise }

fn initialise() -> console_interface::Result<()> {
    UART.initialise()
}
