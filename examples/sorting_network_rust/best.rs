// Prints a sorting network for twelve channels, one comparator a line: "i j" moves the smaller value to channel i.
const N: usize = 12;

type Comparator = (usize, usize);

// EVOLVE-BLOCK-START
/// Passes over all pairs of channels that lie so far apart, as in comb sort.
fn passes() -> Vec<usize> {
    vec![9, 11, 5, 3, 2]
}

/// The comparators of one pass.
fn pass(distance: usize) -> Vec<Comparator> {
    let first = 0;
    let step = 1;
    (first..N.saturating_sub(distance)).step_by(step).map(|i| (i, i + distance)).collect()
}

fn network() -> Vec<Comparator> {
    let mut found: Vec<Comparator> = passes().into_iter().filter(|d| *d > 0).flat_map(pass).collect();
    for _ in 0..N {
        found.extend(pass(1)); // whatever is still wrong
    }
    found
}
// EVOLVE-BLOCK-END

/// The comparators that do something for at least one of all inputs of noughts and ones.
fn useful(network: Vec<Comparator>) -> Vec<Comparator> {
    let mut inputs: Vec<u32> = (0..1 << N).collect();
    let mut kept = Vec::new();
    for (i, j) in network {
        if i >= j || j >= N {
            continue;
        }
        let mut swapped = false;
        for word in inputs.iter_mut() {
            if (*word >> i) & 1 == 1 && (*word >> j) & 1 == 0 {
                *word ^= (1 << i) | (1 << j);
                swapped = true;
            }
        }
        if swapped {
            kept.push((i, j));
        }
    }
    kept
}

fn main() {
    for (i, j) in useful(network()) {
        println!("{i} {j}");
    }
}
