using System.Net;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Objects;

namespace Overlay.ControlPlane.Sources.Kubernetes.Watch;

/// <summary>Reads all objects of a kind by list requests, for servers that cannot send them in a watch.</summary>
internal sealed class ObjectList<T>(ApiServerClient api, ApiParser<T> parser, ListQuery query) where T : ApiObject,
new()
{
    private readonly List<T> _objects = [];
    private string? _version;

    public IReadOnlyList<T> Objects => _objects;

    /// <summary>The version of the list, from which a watch goes on.</summary>
    public string Version => _version ?? throw new InvalidDataException("sends a list without a resourceVersion");

    /// <param name="notOlderThan">A version the list must have reached; null for the newest state.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">The list did not come, or not in full.</exception>
    /// <exception cref="InvalidDataException">The answer is no list.</exception>
    public async Task ReadAsync(string? notOlderThan, CancellationToken cancellationToken)
    {
        if (notOlderThan is not null) _ = await ReadPageAsync(query.All(notOlderThan), cancellationToken);
        else await ReadPagesAsync(cancellationToken);
    }

    private async Task ReadPagesAsync(CancellationToken cancellationToken)
    {
        string? next = null;
        try
        {
            do
            {
                next = await ReadPageAsync(query.Page(next), cancellationToken);
            }
            while (next is not null);
        }
        catch (ApiServerException exception)
            when (next is not null && exception.Status is HttpStatusCode.Gone or HttpStatusCode.BadRequest)
        {
            // The pages' version is gone. The server offers a token for the rest as it is now, but what changed in the
            // first pages since would then be missed for good: everything once more, in one piece.
            _objects.Clear();
            _ = await ReadPageAsync(query.All(null), cancellationToken);
        }
    }

    private async Task<string?> ReadPageAsync(string page, CancellationToken cancellationToken)
    {
        using JsonFrameReader frames = new(await api.OpenAsync(page, cancellationToken), isList: true);
        string? next = null;
        await foreach (JsonFrame frame in frames.ReadListAsync())
        {
            if (frame.Member == "items" && parser.ReadObject(frame.Json.Span) is { } found) Add(found);
            else if (frame.Member == "metadata" && parser.ReadMetadata(frame.Json.Span) is { } list)
            {
                _version = list.ResourceVersion;
                next = list.Continue;
            }
        }

        return next;
    }

    private void Add(T found)
    {
        if (_objects.Count == query.Most) throw new InvalidDataException($"lists more than {query.Most} objects");
        _objects.Add(found);
    }
}
