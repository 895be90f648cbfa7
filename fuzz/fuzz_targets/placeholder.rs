#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| groundplan_fuzz::placeholder(data));
