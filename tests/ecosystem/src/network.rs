//! A datagram that goes through the network stack, and comes back.

use alloc::string::String;
use alloc::vec;
use smoltcp::iface::{Config, Interface, SocketSet};
use smoltcp::phy::{Loopback, Medium};
use smoltcp::socket::udp::{PacketBuffer, PacketMetadata, Socket};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};

const HOME: IpAddress = IpAddress::v4(127, 0, 0, 1);

fn socket(port: u16) -> Socket<'static> {
    let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; 4], vec![0; 256]);
    let mut socket = Socket::new(buffer(), buffer());
    // An error would show in what does not arrive.
    let _ = socket.bind(port);
    socket
}

pub fn smoltcp() -> String {
    let mut device = Loopback::new(Medium::Ip);
    let mut interface = Interface::new(Config::new(HardwareAddress::Ip), &mut device, Instant::ZERO);
    interface.update_ip_addrs(|addresses| _ = addresses.push(IpCidr::new(HOME, 8)));
    let mut sockets = SocketSet::new(vec![]);
    let (from, to) = (sockets.add(socket(7_000)), sockets.add(socket(7_001)));
    let is_sent = sockets.get_mut::<Socket<'_>>(from).send_slice(b"to myself", (HOME, 7_001)).is_ok();
    for milliseconds in 0..4 {
        interface.poll(Instant::from_millis(milliseconds), &mut device, &mut sockets);
    }
    match sockets.get_mut::<Socket<'_>>(to).recv() {
        Ok((bytes, whence)) => {
            alloc::format!("sent: {is_sent}, {:?} from {}", String::from_utf8_lossy(bytes), whence.endpoint)
        }
        Err(error) => alloc::format!("sent: {is_sent}, {error:?}"),
    }
}
