using System.Text.Json;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Watch;

namespace Overlay.ControlPlane.Sources.Kubernetes.Policies;

/// <summary>
/// Looks now and then whether the cluster has NetworkPolicy objects, which the API server takes and this network does
/// not enforce.
/// </summary>
/// <remarks>A daemon without the right to list them warns of nothing: the right is an offer, not a need.</remarks>
internal sealed class PolicyCheck(
    ApiServerClient api, KubernetesTimings timings, TimeProvider time, ILogger logger)
{
    // The first is enough to know that there are some.
    private const string Request = "apis/networking.k8s.io/v1/networkpolicies?limit=1";

    private readonly SaidOnce _found = new();

    /// <summary>The warning; null where there is no policy, as far as is known. Any thread may read it.</summary>
    public string? Warning => _found.Problem;

    /// <summary>Looks again and again, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // A cluster's nodes start together.
        await Task.Delay(timings.FirstPolicyCheck * (1 + Random.Shared.NextDouble()), time, cancellationToken);
        while (true)
        {
            await LookAsync(cancellationToken);
            await Task.Delay(timings.PolicyCheck * (1 + Random.Shared.NextDouble()), time, cancellationToken);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await FindAsync(cancellationToken) is not { } policy) _ = _found.End();
            else if (_found.Begin(
                $"the cluster has NetworkPolicy objects, {policy} for one, and this network enforces none: pods reach "
                + "each other in spite of them, unless another program on the nodes enforces them", "found"))
                logger.PoliciesFound(policy);
        }
        catch (Exception exception)
            when (exception is IOException or InvalidDataException or JsonException or InvalidOperationException)
        {
            // The watch of the Nodes reports a server that is away or refuses. A look without a list proves nothing:
            // policies that were found before are believed until a list has none.
        }
    }

    private async Task<string?> FindAsync(CancellationToken cancellationToken)
    {
        using JsonFrameReader frames = new(await api.OpenAsync(Request, cancellationToken), isList: true);
        await foreach (JsonFrame frame in frames.ReadListAsync())
        {
            if (frame.Member == "items") return NameOf(frame.Json);
        }

        return null;
    }

    private static string NameOf(ReadOnlyMemory<byte> policy)
    {
        using JsonDocument document = JsonDocument.Parse(policy);
        return document.RootElement.TryGetProperty("metadata", out JsonElement metadata)
            && metadata.TryGetProperty("namespace", out JsonElement space)
            && metadata.TryGetProperty("name", out JsonElement name) ? $"{space}/{name}" : "?";
    }
}
