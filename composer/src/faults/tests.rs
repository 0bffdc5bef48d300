
use super::*;

