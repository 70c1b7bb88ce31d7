"""A numpy client without training: what is timed is everything else."""

from flwr.client import ClientApp, NumPyClient
from flwr.client.mod import secaggplus_mod

from app.values import EXAMPLES, values_of


class Contributor(NumPyClient):
    def __init__(self, client: int, parameters: int) -> None:
        self._client = client
        self._parameters = parameters

    def fit(self, parameters, config):
        return [values_of(self._client, self._parameters)], EXAMPLES, {}


def client_fn(context):
    client = int(context.node_config["partition-id"])
    return Contributor(client, int(context.run_config["parameters"])).to_client()


app = ClientApp(client_fn=client_fn, mods=[secaggplus_mod])
