using System.Text.Json;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.Host.Files;

namespace Overlay.ControlPlane.State;

/// <summary>
/// Leases of one store in a state file of this node: <c>{"Kind":…,"Place":…,"Leases":{"b":{…lease…},…}}</c>.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="store">The store of the leases; a file of another store is passed over.</param>
/// <param name="consequence">The effect on the node when the file cannot be used.</param>
/// <param name="logger">Logs a file that cannot be used or written.</param>
internal sealed class LeaseSetFile(string path, StoreLocation store, string consequence, ILogger logger)
{
    private readonly StateFile<LeaseSetDocument> _file =
        new(path, StateJsonContext.Default.LeaseSetDocument, consequence, logger);
    private IReadOnlyList<Lease>? _saved;

    /// <summary>
    /// The leases saved last; null when there are none, when the file is damaged, and when they are another store's.
    /// </summary>
    public IReadOnlyList<Lease>? Load()
    {
        if (_file.Load() is not { } document) return null;
        StoreLocation found = new(document.Kind ?? "", document.Place ?? "");
        if (!found.MayBe(store))
        {
            logger.SavedLeasesOfAnotherStore(_file.Path, found.Kind, found.Place, store.Kind, store.Place);
            return null;
        }

        if (document.Leases is not null) return [.. document.Leases.Select(Parse).OfType<Lease>()];
        _file.Refuse("it has no leases");
        return null;
    }

    /// <summary>Saves leases, if they differ from those saved last. A full disk is no failure.</summary>
    public void Save(IReadOnlyList<Lease> leases)
    {
        if (_saved is not null && _saved.SequenceEqual(leases)) return;
        Dictionary<string, JsonElement> byNode = new(StringComparer.Ordinal);
        foreach (Lease lease in leases)
            byNode[lease.Node] =
                JsonSerializer.SerializeToElement(LeaseDocument.Of(lease), LeaseJsonContext.Default.LeaseDocument);
        if (_file.Save(new LeaseSetDocument(store.Kind, store.Place, byNode))) _saved = leases;
    }

    // A damaged lease is left out, and the others are kept.
    private Lease? Parse(KeyValuePair<string, JsonElement> entry)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(entry.Value, LeaseJsonContext.Default.JsonElement);
        if (LeaseJson.TryParse(entry.Key, json, out Lease? lease, out string? error)) return lease;
        logger.SavedLeaseDamaged(entry.Key, _file.Path, error);
        return null;
    }
}
