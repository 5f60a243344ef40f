"""Which provider signs people in for a cluster, and which token the cluster is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from headlamp.clusters.cluster import Cluster, ClusterToken, KubeconfigProvider
from headlamp.oidc.config import ProviderConfig
from headlamp.oidc.provider import Provider
from headlamp.oidc.token_rule import ID_TOKEN, TokenRule
from headlamp.web.providers import DEFAULT, Providers, from_kubeconfig

FLAGS = ProviderConfig(
    id=DEFAULT, issuer="https://idp.example", client_id="ui", token_rule=TokenRule(True, "aks", "https://sts.example/")
)
ENTRY = KubeconfigProvider("https://other.example", "kubectl", token=ClusterToken(use_access_token=True))
PLAIN = Cluster("plain", "plain")
OWN = Cluster("own", "own", provider=ENTRY)


@pytest.fixture
def providers() -> Providers:
    return Providers(FLAGS, Provider)


def test_a_cluster_without_a_provider_of_its_own_has_the_flags_provider_and_rule(providers: Providers) -> None:
    found = providers.for_cluster(PLAIN)
    assert found is not None
    assert found.config is FLAGS
    assert providers.rule_for(PLAIN) == FLAGS.token_rule


def test_a_kubeconfigs_provider_has_its_own_rule_and_the_flags_do_not_reach_it(providers: Providers) -> None:
    assert providers.rule_for(OWN) == TokenRule(use_access_token=True)
    assert providers.rule_for(replace(OWN, provider=replace(ENTRY, token=ClusterToken()))) == ID_TOKEN


@pytest.mark.parametrize("cluster", [PLAIN, OWN])
def test_what_a_cluster_says_itself_comes_before_its_provider(providers: Providers, cluster: Cluster) -> None:
    own = replace(cluster, token=ClusterToken(audience="kubernetes"))
    assert providers.rule_for(own) == TokenRule(audience="kubernetes")


def test_without_any_provider_there_is_nothing_to_say() -> None:
    assert Providers(None, Provider).rule_for(PLAIN) == ID_TOKEN
    assert Providers(None, Provider).for_cluster(PLAIN) is None


def test_contexts_that_name_one_registration_share_a_sign_in(providers: Providers) -> None:
    one, two = providers.for_cluster(OWN), providers.for_cluster(replace(OWN, name="two"))
    assert one is two
    wants_id = replace(OWN, provider=replace(ENTRY, token=ClusterToken()))
    other = providers.for_cluster(wants_id)
    assert one is not None
    assert other is not None
    assert other.config.id == one.config.id


def test_contexts_that_ask_one_registration_for_different_things_have_a_sign_in_each() -> None:
    ids = {
        from_kubeconfig(entry).id
        for entry in (ENTRY, replace(ENTRY, scopes=("groups",)), replace(ENTRY, auth_params=(("a", "b"),)))
    }
    assert len(ids) == 3


def test_two_contexts_with_different_secrets_do_not_make_a_new_provider_at_each_request(providers: Providers) -> None:
    other = replace(OWN, provider=replace(ENTRY, client_secret="s"))
    first = [providers.for_cluster(OWN), providers.for_cluster(other)]
    assert first[0] is not first[1]
    assert [providers.for_cluster(OWN), providers.for_cluster(other)] == first


def test_extra_parameters_that_answers_are_held_to_are_set_apart() -> None:
    params = (("max_age", "60"), ("acr_values", "mfa pwd"), ("kc_idp_hint", "github"), ("prompt", "login"))
    config = from_kubeconfig(replace(ENTRY, auth_params=params))
    assert config.max_age == 60
    assert config.acr_values == ("mfa", "pwd")
    assert config.auth_params == (("kc_idp_hint", "github"), ("prompt", "login"))


@dataclass
class Files:
    """Kubeconfigs that name some clusters, and after a change others."""

    clusters: list[Cluster]
    generation: int = 1

    def all(self) -> list[Cluster]:
        return self.clusters

    def become(self, *clusters: Cluster) -> None:
        self.clusters, self.generation = list(clusters), self.generation + 1


def test_an_issuer_finds_its_provider_to_the_letter_and_the_first_of_two() -> None:
    again = replace(OWN, provider=KubeconfigProvider("https://idp.example", "kubectl"))
    providers = Providers(FLAGS, Provider, Files([again, OWN]))
    found = providers.of_issuer("https://idp.example")
    assert found is not None
    assert found.config is FLAGS
    assert providers.of_issuer("https://idp.example/") is None
    assert providers.of_issuer("https://other.example") is providers.for_cluster(OWN)


def test_the_providers_of_the_kubeconfig_are_known_before_anybody_asks_for_a_cluster() -> None:
    assert set(Providers(FLAGS, Provider, Files([PLAIN, OWN]))) == {DEFAULT, from_kubeconfig(ENTRY).id}


def test_nobody_signs_in_any_more_at_a_provider_that_the_kubeconfig_has_lost() -> None:
    files = Files([OWN])
    providers = Providers(FLAGS, Provider, files)
    (_, lost) = providers
    files.become(replace(OWN, provider=replace(ENTRY, issuer="https://new.example")))
    assert lost not in providers
    assert providers.of_issuer("https://other.example") is None
    assert providers.of_issuer("https://new.example") is not None


def test_of_two_entries_of_one_registration_the_first_holds_whoever_was_asked_for_last() -> None:
    old = replace(OWN, name="old", provider=replace(ENTRY, client_secret="old"))
    providers = Providers(None, Provider, files := Files([OWN, old]))
    first, other = providers.for_cluster(OWN), providers.for_cluster(old)
    assert list(providers.values()) == [first]
    assert providers.for_cluster(OWN) is first
    files.become(old)
    assert list(providers.values()) == [other]


def test_a9_an_entry_that_skips_verification_of_tls_does_so_for_itself_alone() -> None:
    trusting = replace(OWN, name="trusting", provider=replace(ENTRY, skip_tls_verify=True))
    providers = Providers(None, Provider, Files([trusting, OWN]))
    assert [one.config.skip_tls_verify for one in providers.values()] == [True, False]


def test_a_kubeconfigs_provider_may_sign_with_what_the_flags_allow() -> None:
    allowed = frozenset({"RS256", "ES256"})
    (party,) = Providers(None, Provider, Files([OWN]), signing_algs=allowed).values()
    assert party.config.signing_algs == allowed
