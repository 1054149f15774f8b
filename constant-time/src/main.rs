//! A program that shows that the comparison of signatures and tokens neither branches on secrets
//! nor uses them as addresses.
//!
//! ```sh
//! cargo build --release -p vcp-constant-time
//! valgrind --quiet --error-exitcode=1 target/release/constant_time
//! # `leak` compares byte by byte up to the first difference, so valgrind must complain:
//! valgrind --quiet --error-exitcode=1 target/release/constant_time leak
//! ```
//!
//! The secrets are marked as undefined. Valgrind's memcheck follows them through every computation,
//! such as that of the expected digest. It complains about each jump and each address that depends
//! on them. Only the verdict is marked as defined again, because verification returns it.

use std::{arch::asm, hint::black_box, process::ExitCode};
use vcp_auth::{HmacAlgorithm, testing};

const RUNNING_ON_VALGRIND: usize = 0x1001;
/// The request that marks memory as undefined. The upper two bytes of memcheck's requests are "MC".
const MAKE_UNDEFINED: usize = ((b'M' as usize) << 24 | (b'C' as usize) << 16) + 1;
const MAKE_DEFINED: usize = MAKE_UNDEFINED + 1;

/// Sends a client request to valgrind and returns the answer, 0 without valgrind. The instructions
/// are those of `valgrind.h` for x86-64: four rotations that together do nothing, and an exchange
/// of a register with itself.
fn request(code: usize, address: usize, length: usize) -> usize {
    let arguments = [code, address, length, 0, 0, 0];
    let mut answer = 0_usize;
    // SAFETY: Without valgrind, the instructions change nothing. With valgrind, they read
    // `arguments` and set `rdx`.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            inout("rdx") answer,
            in("rax") arguments.as_ptr(),
        );
    }
    answer
}

fn undefined(bytes: &mut [u8]) {
    request(MAKE_UNDEFINED, bytes.as_ptr() as usize, bytes.len());
}

/// Returns a verdict, marked as defined so that the program may branch on it.
fn told(verdict: bool) -> bool {
    let verdict = black_box(verdict);
    request(MAKE_DEFINED, &raw const verdict as usize, 1);
    black_box(verdict)
}

fn main() -> ExitCode {
    if request(RUNNING_ON_VALGRIND, 0, 0) == 0 {
        println!("nothing is shown without valgrind: valgrind --error-exitcode=1 {}", env!("CARGO_BIN_NAME"));
        return ExitCode::FAILURE;
    }
    let body = vec![b'x'; 1000];
    if std::env::args().nth(1).as_deref() == Some("leak") {
        let mut secret = *b"key_not_a_real_secret";
        undefined(&mut secret);
        let same = secret.iter().zip(black_box(b"key_not_a_real_secres")).take_while(|(a, b)| a == b).count();
        return if told(same == secret.len()) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    for algorithm in [HmacAlgorithm::Sha1, HmacAlgorithm::Sha256, HmacAlgorithm::Sha512] {
        let good = testing::digest(algorithm, b"key_not_a_real_secret", &body);
        for (place, expected) in [(None, true), (Some(0), false), (Some(good.len() - 1), false)] {
            let mut digest = good.clone();
            if let Some(place) = place {
                digest[place] ^= 1;
            }
            let mut secret = *b"key_not_a_real_secret";
            undefined(&mut secret);
            let verdict = told(testing::matches(algorithm, &secret, &body, &[digest.clone(), digest]));
            assert_eq!(verdict, expected, "{algorithm:?}");
        }
    }
    for (token, expected) in [
        ("key_not_a_real_secret", true),
        ("key_not_a_real_secreT", false),
        ("Key_not_a_real_secret", false),
        ("k", false),
    ] {
        let mut secret = *b"key_not_a_real_secret";
        undefined(&mut secret);
        assert_eq!(told(testing::is_same(&secret, token.as_bytes())), expected, "{token}");
    }
    println!("no jump and no address depends on a secret");
    ExitCode::SUCCESS
}
