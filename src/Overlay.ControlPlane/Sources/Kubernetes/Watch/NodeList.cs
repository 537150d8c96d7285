using System.Net;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;

namespace Overlay.ControlPlane.Sources.Kubernetes.Watch;

/// <summary>Reads all nodes by list requests, for servers that cannot tell them in a watch.</summary>
internal sealed class NodeList(ApiServerClient api, NodeParser parser, NodeQuery query)
{
    private readonly List<ApiObject> _nodes = [];
    private string? _version;

    public IReadOnlyList<ApiObject> Nodes => _nodes;

    /// <summary>The version the list is of, where a watch goes on.</summary>
    public string Version => _version ?? throw new InvalidDataException("sends a list without a resourceVersion");

    /// <param name="notOlderThan">A version the list must have reached; null for the newest state.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">It did not come, or not in full.</exception>
    /// <exception cref="InvalidDataException">It is no list.</exception>
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
        catch (ApiServerException exception) when (next is not null && exception.Status is HttpStatusCode.Gone or HttpStatusCode.BadRequest)
        {
            // The pages' version is gone. The server offers a token for the rest as it is now, but what changed in the
            // first pages since would then be missed for good: everything once more, in one piece.
            _nodes.Clear();
            _ = await ReadPageAsync(query.All(null), cancellationToken);
        }
    }

    private async Task<string?> ReadPageAsync(string page, CancellationToken cancellationToken)
    {
        using JsonFrameReader frames = new(await api.OpenAsync(page, cancellationToken), isList: true);
        string? next = null;
        bool more;
        do
        {
            more = await frames.FillAsync();
            while (frames.TryRead(out JsonFrame frame))
            {
                if (frame.Member == "items" && parser.ReadObject(frame.Json.Span) is { } node) _nodes.Add(node);
                else if (frame.Member == "metadata" && parser.ReadMetadata(frame.Json.Span) is { } list)
                {
                    _version = list.ResourceVersion;
                    next = list.Continue;
                }
            }
        }
        while (more && !frames.IsComplete);
        return frames.IsComplete ? next : throw new IOException("sends a list that breaks off");
    }
}
