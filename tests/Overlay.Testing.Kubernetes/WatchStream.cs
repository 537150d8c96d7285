using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace Overlay.Testing.Kubernetes;

/// <summary>One watch that is being answered.</summary>
internal sealed class WatchStream
{
    private const string BookmarkEnd =
        "\"spec\":{},\"status\":{\"daemonEndpoints\":{\"kubeletEndpoint\":{\"Port\":0}},\"nodeInfo\":{\"machineID\":\"\",\"systemUUID\":\"\",\"bootID\":\"\",\"kernelVersion\":\"\",\"osImage\":\"\",\"containerRuntimeVersion\":\"\",\"kubeletVersion\":\"\",\"kubeProxyVersion\":\"\",\"operatingSystem\":\"\",\"architecture\":\"\"}}}}\n";

    private readonly HttpContext _context;
    private readonly NodeWriter _nodes;
    private readonly string? _only;
    private readonly Channel<NodeChanged> _events;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _end;
    private long _revision;
    private bool _isOver;

    public WatchStream(
        HttpContext context, NodeWriter nodes, string? only, Channel<NodeChanged> events, long revision, TimeSpan time)
    {
        _context = context;
        _nodes = nodes;
        _only = only;
        _events = events;
        _revision = revision;
        _end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        _end.CancelAfter(time);
    }

    /// <summary>Sends nothing more, and keeps the stream open.</summary>
    public bool IsMute { get; set; }

    public async Task BeginAsync(IReadOnlyList<StoredNode>? state)
    {
        _context.Response.ContentType = "application/json";
        await _context.Response.Body.FlushAsync();
        if (state is null) return;
        foreach (StoredNode node in state.Where(IsWanted))
        {
            _nodes.WriteEvent(_context.Response.BodyWriter, "ADDED", node);
            _ = await _context.Response.BodyWriter.FlushAsync();
        }

        await SendAsync(Bookmark("\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}"));
    }

    public async Task RunAsync(TimeSpan bookmarkInterval)
    {
        try
        {
            while (true)
            {
                Task<bool> next = _events.Reader.WaitToReadAsync(_end.Token).AsTask();
                if (await Task.WhenAny(next, Task.Delay(bookmarkInterval, _end.Token)) == next)
                {
                    _ = await next;
                    await SendEventsAsync();
                }
                else
                {
                    _end.Token.ThrowIfCancellationRequested();
                    await SendAsync(Bookmark(null));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The time the client asked for is over, or it has gone.
        }
    }

    /// <summary>Sends text of whatever kind between events.</summary>
    public async Task SendAsync(string text)
    {
        await _writing.WaitAsync();
        try
        {
            if (IsMute) return;
            await _context.Response.WriteAsync(text);
            await _context.Response.Body.FlushAsync();
        }
        finally
        {
            _ = _writing.Release();
        }
    }

    public Task EndAsync() => _end.CancelAsync();

    public void Abort()
    {
        lock (_end)
        {
            // The server uses a context again for the next request.
            if (!_isOver) _context.Abort();
        }
    }

    /// <summary>The answer has come to its end.</summary>
    public void Finish()
    {
        lock (_end) _isOver = true;
    }

    private async Task SendEventsAsync()
    {
        await _writing.WaitAsync();
        try
        {
            while (_events.Reader.TryRead(out NodeChanged? change))
            {
                _revision = change.Node.Revision;
                if (!IsMute && IsWanted(change.Node))
                    _nodes.WriteEvent(_context.Response.BodyWriter, change.Type, change.Node);
            }

            _ = await _context.Response.BodyWriter.FlushAsync(_end.Token);
        }
        finally
        {
            _ = _writing.Release();
        }
    }

    private bool IsWanted(StoredNode node) => _only is null || node.Name == _only;

    private string Bookmark(string? annotations) =>
        $$"""{"type":"BOOKMARK","object":{"kind":"Node","apiVersion":"v1","metadata":{"resourceVersion":"{{_revision}}"{{(annotations is null ? "" : "," + annotations)}}},{{BookmarkEnd}}""";
}
