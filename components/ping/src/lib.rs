//! Calls pong and says what a call costs.
