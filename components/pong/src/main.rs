//! The image of pong.
#![no_std]
#![no_main]

static PONG: pong::Answering = pong::Answering;

runtime::export!(pong_interface::PongServer => PONG);

runtime::component! {}
