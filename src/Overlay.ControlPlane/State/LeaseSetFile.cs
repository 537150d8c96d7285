using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.Host.Files;

namespace Overlay.ControlPlane.State;

/// <summary>Leases of one store in a file of this node's own state: <c>{"Kind":…,"Place":…,"Leases":{"b":{…lease…},…}}</c>.</summary>
/// <param name="file">Its path.</param>
/// <param name="store">Whose leases they are; those of another one are passed over.</param>
/// <param name="logger">Told of a file that cannot be used or written.</param>
internal sealed class LeaseSetFile(string file, StoreLocation store, ILogger logger)
{
    private const string Kind = "Kind";
    private const string Place = "Place";
    private const string Leases = "Leases";

    private byte[] _saved = [];
    private bool _hasFailed;

    /// <summary>What was saved last; false when nothing was, or nothing that makes sense.</summary>
    public bool TryLoad([NotNullWhen(true)] out IReadOnlyList<Lease>? leases)
    {
        leases = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = document.RootElement;
            StoreLocation found = new(TextOf(root, Kind), TextOf(root, Place));
            if (!found.MayBe(store))
            {
                logger.LogWarning(
                    "Saved leases in {File} are passed over: they are those of {FoundKind} {FoundPlace}, and this node's are in {Kind} {Place}",
                    file, found.Kind, found.Place, store.Kind, store.Place);
                return false;
            }

            List<Lease> sound = [];
            foreach (JsonProperty entry in root.GetProperty(Leases).EnumerateObject())
            {
                if (LeaseJson.TryParse(entry.Name, JsonSerializer.SerializeToUtf8Bytes(entry.Value, LeaseJsonContext.Default.JsonElement), out Lease? lease, out string? error))
                    sound.Add(lease);
                else logger.LogWarning("Saved lease of {Node} in {File} is passed over: {Reason}", entry.Name, file, error);
            }

            leases = sound;
            return true;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            logger.LogWarning("Saved leases in {File} cannot be used: {Reason}", file, exception.Message);
            return false;
        }
    }

    /// <summary>Saves leases, if they are others than those saved last. A disk that is full is no failure.</summary>
    public void Save(IEnumerable<Lease> leases)
    {
        byte[] content = Format(leases);
        if (content.AsSpan().SequenceEqual(_saved)) return;
        try
        {
            AtomicFile.Write(file, content);
            _saved = content;
            _hasFailed = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_hasFailed) logger.LogError("Leases cannot be saved in {File}: {Reason}", file, exception.Message);
            _hasFailed = true;
        }
    }

    private static string TextOf(JsonElement root, string name) => root.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";

    private byte[] Format(IEnumerable<Lease> leases)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString(Kind, store.Kind);
            writer.WriteString(Place, store.Place);
            writer.WriteStartObject(Leases);
            foreach (Lease lease in leases)
            {
                writer.WritePropertyName(lease.Node);
                writer.WriteRawValue(LeaseJson.Format(lease));
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
