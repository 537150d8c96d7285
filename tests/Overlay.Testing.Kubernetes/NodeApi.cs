using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace Overlay.Testing.Kubernetes;

/// <summary>The part of the API that is about nodes.</summary>
internal sealed class NodeApi(StandinOptions options)
{
    private const string Root = "/api/v1/nodes";

    private readonly NodeWriter _writer = new(options.PaddingLength);
    private readonly ConcurrentDictionary<WatchStream, bool> _watches = new();

    public NodeStore Nodes { get; } = Open(options);

    public bool IsStateWatchRefused { get; set; }

    public ICollection<WatchStream> Watches => _watches.Keys;

    public Task AnswerAsync(HttpContext context, SeenRequest request)
    {
        string path = context.Request.Path.Value ?? "";
        if (path == Root && request.Method == "GET")
            return request.IsWatch ? WatchAsync(context, request) : ListAsync(context);
        if (path == Root && request.Method == "POST") return CreateAsync(context, request);
        string[] parts = path.StartsWith(Root + "/", StringComparison.Ordinal)
            ? path[(Root.Length + 1)..].Split('/')
            : [];
        return (request.Method, parts) switch
        {
            ("GET", [var name]) => GetAsync(context, name),
            ("PATCH", [var name]) => PatchAsync(context, request, name, isStatus: false),
            ("PATCH", [var name, "status"]) => PatchAsync(context, request, name, isStatus: true),
            ("DELETE", [var name]) => Nodes.Delete(name)
                ? JsonAnswer.WriteAsync(context, 200, new JsonObject
                {
                    ["kind"] = "Status",
                    ["apiVersion"] = "v1",
                    ["metadata"] = new JsonObject(),
                    ["status"] = "Success"
                })
                : JsonAnswer.WriteAsync(context, 404, StatusBody.NotFound(name)),
            _ => JsonAnswer.WriteAsync(
                context, 404, StatusBody.Of(404, "NotFound", "the server could not find the requested resource")),
        };
    }

    private static NodeStore Open(StandinOptions options)
    {
        options.Nodes?.Restart();
        return options.Nodes ?? new(options.PaddingLength > 0);
    }

    private async Task GetAsync(HttpContext context, string name)
    {
        if (Nodes.Find(name) is not { } node)
        {
            await JsonAnswer.WriteAsync(context, 404, StatusBody.NotFound(name));
            return;
        }

        context.Response.ContentType = "application/json";
        _writer.WriteNode(context.Response.BodyWriter, node);
    }

    private async Task CreateAsync(HttpContext context, SeenRequest request)
    {
        JsonObject node = JsonNode.Parse(request.Body ?? "")!.AsObject();
        Nodes.Put(node);
        context.Response.StatusCode = 201;
        await GetAsync(context, (string)node["metadata"]!["name"]!);
    }

    private async Task PatchAsync(HttpContext context, SeenRequest request, string name, bool isStatus)
    {
        if (context.Request.ContentType != "application/strategic-merge-patch+json")
        {
            await JsonAnswer.WriteAsync(context, 415, StatusBody.Of(415, "UnsupportedMediaType",
                $"the body of the request was in an unknown format: {context.Request.ContentType}"));
            return;
        }

        _ = Nodes.Patch(name, JsonNode.Parse(request.Body ?? "")!.AsObject(), isStatus);
        await GetAsync(context, name);
    }

    private async Task ListAsync(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        int limit = query.ContainsKey("limit") ? Math.Min(
            int.Parse(query["limit"].ToString(), CultureInfo.InvariantCulture), options.LargestPage) : int.MaxValue;
        (StoredNode[] nodes, long revision) = Nodes.List();
        string after = "";
        if (query["continue"].ToString() is { Length: > 0 } token)
        {
            if (ReadToken(token) is not { } at)
            {
                await JsonAnswer.WriteAsync(
                    context, 400, StatusBody.BadContinue("illegal base64 data at input byte 72"));
                return;
            }

            after = at.Start;
            StoredNode[]? then = at.Revision == -1 ? nodes : Nodes.ListAt(at.Revision);
            if (then is null)
            {
                await JsonAnswer.WriteAsync(context, 410, StatusBody.ContinueExpired(Token(-1, after)));
                return;
            }

            (nodes, revision) = (then, at.Revision == -1 ? revision : at.Revision);
        }
        else if (query["resourceVersion"].ToString() is { Length: > 0 } version
            && long.Parse(version, CultureInfo.InvariantCulture) > revision)
        {
            await JsonAnswer.WriteAsync(context, 504, StatusBody.Of(
                504, "Timeout", $"Too large resource version: {version}, current: {revision}"));
            return;
        }

        string? only = Only(context);
        StoredNode[] left = [.. nodes.Where(
            node => string.CompareOrdinal(node.Name, after) > 0 && (only is null || node.Name == only))];
        StoredNode[] page = left.Length > limit ? left[..limit] : left;
        if (page.Length < left.Length) Nodes.KeepList(revision, nodes);
        await WriteListAsync(context.Response, page, revision, left.Length - page.Length);
    }

    private async Task WriteListAsync(HttpResponse response, StoredNode[] page, long revision, int remaining)
    {
        response.ContentType = "application/json";
        PipeWriter writer = response.BodyWriter;
        string rest = remaining == 0
            ? ""
            : $",\"continue\":\"{Token(revision, page[^1].Name + "\0")}\",\"remainingItemCount\":{remaining}";
        writer.Write(Encoding.UTF8.GetBytes($$"""{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"{{revision}}"{{rest}}},"items":["""));
        for (int i = 0; i < page.Length; i++)
        {
            if (i > 0) writer.Write(","u8);
            _writer.WriteItem(writer, page[i]);
            _ = await writer.FlushAsync();
        }

        writer.Write("]}\n"u8);
    }

    private async Task WatchAsync(HttpContext context, SeenRequest request)
    {
        IQueryCollection query = context.Request.Query;
        string version = query["resourceVersion"].ToString();
        TimeSpan time =
            TimeSpan.FromSeconds(int.Parse(query["timeoutSeconds"].ToString(), CultureInfo.InvariantCulture));
        StoredNode[]? state = null;
        long revision;
        Channel<NodeChanged> events;
        if (request.IsStateWatch)
        {
            if (IsStateWatchRefused)
            {
                await RefuseAsync(
                    context,
                    StatusBody.Of(
                        500, "InternalError",
                        "a watch stream was requested by the client but the required storage feature "
                        + "RequestWatchProgress is disabled"));
                return;
            }

            (state, revision, events) = Nodes.WatchFromState();
        }
        else
        {
            revision = long.Parse(version, CultureInfo.InvariantCulture);
            if (!Nodes.TryWatch(revision, out events, out long oldest))
            {
                await RefuseAsync(context, StatusBody.TooOld(revision, oldest));
                return;
            }
        }

        WatchStream watch = new(context, _writer, Only(context), events, revision, time);
        try
        {
            await watch.BeginAsync(state);
            _ = _watches.TryAdd(watch, true);
            await watch.RunAsync(options.BookmarkInterval);
        }
        finally
        {
            watch.Finish();
            _ = _watches.TryRemove(watch, out _);
            Nodes.Unwatch(events);
        }
    }

    // A watch is refused after it was granted.
    private static Task RefuseAsync(HttpContext context, JsonObject status)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(Encoding.UTF8.GetString(
            JsonAnswer.Format(new JsonObject { ["type"] = "ERROR", ["object"] = status })) + "\n");
    }

    private static string? Only(HttpContext context)
    {
        const string Field = "metadata.name=";
        string selector = context.Request.Query["fieldSelector"].ToString();
        return selector.StartsWith(Field, StringComparison.Ordinal) ? selector[Field.Length..] : null;
    }

    private static string Token(long revision, string start) =>
        Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(
        new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = revision, ["start"] = start }))
            .TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static (long Revision, string Start)? ReadToken(string token)
    {
        try
        {
            string base64 = token.Replace('-', '+').Replace('_', '/');
            JsonNode at = JsonNode.Parse(Convert.FromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '=')))!;
            return ((long)at["rv"]!, ((string)at["start"]!).TrimEnd('\0'));
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return null;
        }
    }
}
