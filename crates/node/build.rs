//! Lets the linker leave Node's own symbols open, which the addon finds when Node loads it.

fn main() {
    napi_build::setup();
}
