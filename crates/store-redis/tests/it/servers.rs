//! What a cluster and sentinels answer like one server does.

/// The promises about guests, over a cluster of three.
mod cluster {
    use std::sync::LazyLock;

    use cloakroom_store::contract::Fresh;
    use cloakroom_testservers::RedisCluster;

    use crate::scene::{blocking, fresh_at, settings_at};

    static CLUSTER: LazyLock<RedisCluster> = LazyLock::new(|| RedisCluster::start().unwrap());

    async fn fresh() -> Fresh {
        let settings = blocking(|| {
            let nodes: Vec<String> =
                CLUSTER.nodes().iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
            settings_at(&format!("redis+cluster://{}", nodes.join(",")))
        })
        .await;
        fresh_at(settings).await
    }

    cloakroom_store::contract_of_guests!(fresh().await);
}

/// The same over a primary that sentinels name.
mod sentinel {
    use std::sync::LazyLock;

    use cloakroom_store::contract::Fresh;
    use cloakroom_testservers::{Sentinel, redis::sentinel};

    use crate::scene::{blocking, fresh_at, settings_at};

    static SENTINEL: LazyLock<Sentinel> = LazyLock::new(|| Sentinel::start().unwrap());

    async fn fresh() -> Fresh {
        let settings = blocking(|| {
            let sentinels = SENTINEL.sentinels().iter();
            let sentinels: Vec<String> =
                sentinels.map(|it| format!("127.0.0.1:{}", it.port())).collect();
            settings_at(&format!("redis+sentinel://{}/{}", sentinels.join(","), sentinel::NAME))
        })
        .await;
        fresh_at(settings).await
    }

    cloakroom_store::contract_of_guests!(fresh().await);
}

/// The same by TLS, with a password.
mod tls {
    use std::sync::LazyLock;

    use cloakroom_store::contract::Fresh;
    use cloakroom_store_redis::Connection;
    use cloakroom_testservers::Redis;
    use cloakroom_testservers::redis::Settings;

    use crate::scene::{blocking, fresh_at, settings_at};

    static REDIS: LazyLock<Redis> = LazyLock::new(|| {
        Redis::start_with(Settings { password: true, tls: true, ..Settings::default() }).unwrap()
    });

    async fn fresh() -> Fresh {
        let settings = blocking(|| {
            let ca = REDIS.ca().unwrap();
            settings_at(&format!("{}?ca_file={}", REDIS.url(), ca.display()))
        })
        .await;
        fresh_at(settings).await
    }

    cloakroom_store::contract_of_guests!(fresh().await);

    #[tokio::test]
    async fn a_certificate_of_another_authority_is_refused() {
        let other =
            blocking(|| Redis::start_with(Settings { tls: true, ..Settings::default() }).unwrap())
                .await;
        let settings = blocking(move || {
            let ca = other.ca().unwrap();
            let kept = settings_at(&format!("{}?ca_file={}", REDIS.url(), ca.display()));
            (kept, other)
        })
        .await;
        let (settings, _other) = settings;
        let refused: Result<String, _> = Connection::open(settings).ask(&redis::cmd("PING")).await;
        assert!(refused.is_err());
        let known = fresh().await;
        assert!(known.store.find_guest_by_id(crate::scene::session_id(1)).await.unwrap().is_none());
    }
}
