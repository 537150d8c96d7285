using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Overlay.Daemon.Admin;

namespace Overlay.Daemon.StatusPage;

/// <summary>
/// Answers on the TCP address: the status page and its events to viewers on this host; health and metrics to anybody.
/// </summary>
/// <param name="health">Answers all but the page.</param>
/// <param name="events">The page's figures.</param>
internal sealed class PageApplication(HealthApplication health, PageEvents events) : IHttpApplication<HttpContext>
{
    private const string Events = "/events";

    private readonly Lazy<PageText> _page = new(PageText.Load);

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => health.CreateContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception) => health.DisposeContext(context, exception);

    public Task ProcessRequestAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        bool isGet = HttpMethods.IsGet(request.Method);
        if (request.Path.Value is not ("/" or Events) || !(isGet || HttpMethods.IsHead(request.Method)))
            return health.ProcessRequestAsync(context);
        if (!LocalViewer.Is(context)) return RefuseAsync(context);
        return isGet && request.Path.Value == Events ? events.AnswerAsync(context) : AnswerPageAsync(context);
    }

    private static Task RefuseAsync(HttpContext context)
    {
        int port = context.Connection.LocalPort;
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return context.Response.WriteAsync(
            $"the status page is for viewers on this host, at http://localhost:{port}; from elsewhere: "
            + $"ssh -L {port}:127.0.0.1:{port} NODE, or kubectl port-forward -n overlay POD {port}\n",
            context.RequestAborted);
    }

    private async Task AnswerPageAsync(HttpContext context)
    {
        PageText page = _page.Value;
        HttpResponse response = context.Response;
        (response.ContentType, response.ContentLength) = ("text/html; charset=utf-8", page.Html.Length);
        response.Headers.ContentSecurityPolicy = page.Policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";

        // The page is the daemon's: a browser asks again, so that a new version is seen.
        response.Headers.CacheControl = "no-cache";
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.BodyWriter.WriteAsync(page.Html, context.RequestAborted);
    }
}
