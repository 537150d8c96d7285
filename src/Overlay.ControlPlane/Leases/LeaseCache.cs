using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane;

/// <summary>The accepted peers on this node's disk, <c>peers.json</c>: <c>{"b":{…lease…},…}</c>.</summary>
/// <remarks>
/// Read before the store is: who held a prefix or an address before a restart still holds it then, and a store that
/// cannot be reached stops no traffic.
/// </remarks>
public sealed class LeaseCache
{
    private readonly string _file;
    private readonly ILogger<LeaseCache> _logger;
    private byte[] _saved = [];
    private bool _hasFailed;

    /// <param name="stateDirectory">Made when missing.</param>
    /// <param name="logger">Told of a file that cannot be used.</param>
    public LeaseCache(string stateDirectory, ILogger<LeaseCache> logger)
    {
        _file = Path.Combine(stateDirectory, "peers.json");
        _logger = logger;
    }

    /// <summary>What was saved last; null when nothing was, or nothing that makes sense.</summary>
    public LeaseUpdate.Snapshot? Load()
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(_file));
            List<Lease> leases = [];
            foreach (JsonProperty peer in document.RootElement.EnumerateObject())
            {
                if (LeaseJson.TryParse(peer.Name, JsonSerializer.SerializeToUtf8Bytes(peer.Value, LeaseJsonContext.Default.JsonElement), out Lease? lease, out string? error))
                    leases.Add(lease);
                else _logger.LogWarning("Saved lease of {Node} in {File} is passed over: {Reason}", peer.Name, _file, error);
            }

            return new LeaseUpdate.Snapshot(leases);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            _logger.LogWarning("Saved leases in {File} cannot be used: {Reason}", _file, exception.Message);
            return null;
        }
    }

    /// <summary>Saves the accepted peers, if they are others than those saved last. A disk that is full is no failure.</summary>
    public void Save(PeersSnapshot peers)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            foreach (PeerLease peer in peers.Peers)
            {
                if (peer.Verdict != LeaseVerdict.Accepted) continue;
                writer.WritePropertyName(peer.Lease.Node);
                writer.WriteRawValue(LeaseJson.Format(peer.Lease));
            }

            writer.WriteEndObject();
        }

        byte[] content = buffer.ToArray();
        if (content.AsSpan().SequenceEqual(_saved)) return;
        try
        {
            AtomicFile.Write(_file, content);
            _saved = content;
            _hasFailed = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_hasFailed) _logger.LogError("Leases cannot be saved in {File}: {Reason}", _file, exception.Message);
            _hasFailed = true;
        }
    }
}
