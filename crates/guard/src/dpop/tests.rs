use super::*;

fn proved(jti: u64, until: u64) -> Proved {
    let mark = sha256(&jti.to_be_bytes());
    Proved { thumbprint: "t".to_owned(), mark, until }
}

#[test]
fn a_proof_counts_once_as_long_as_it_could_be_shown_again() {
    let spent = Spent::new(1000);
    let (one, other) = (proved(1, 1121), proved(2, 1121));
    assert_eq!(spent.spend(&one, 1000), Ok(()));
    assert_eq!(spent.spend(&other, 1000), Ok(()));
    for now in [1000, 1060, 1121] {
        let again = spent.spend(&one, now);
        assert_eq!(again, Err(Refusal::InvalidProof("The DPoP proof was used before.")), "{now}");
    }
}

#[test]
fn no_proof_is_forgotten_early_however_many_come() {
    let spent = Spent::new(SHARDS * 4);
    let first: Vec<_> =
        (0..1000).filter(|jti| spent.spend(&proved(*jti, 1121), 1000).is_ok()).collect();
    assert_eq!(first.len(), SHARDS * 4, "there is an end");
    for jti in &first {
        assert!(spent.spend(&proved(*jti, 1121), 1060).is_err());
    }
    assert_eq!(spent.spend(&proved(5000, 1121), 1060), Err(Refusal::Unavailable));
    assert_eq!(spent.spend(&proved(5000, 1300), 1122), Ok(()), "those that are over make room");
}
