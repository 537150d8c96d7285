using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Overlay.Daemon.Admin;

namespace Overlay.Daemon.StatusPage;

/// <summary>Answers on the TCP address: the status page and its events; health and metrics beside them.</summary>
/// <param name="health">Answers all but the page.</param>
/// <param name="events">The page's figures.</param>
internal sealed class PageApplication(HealthApplication health, PageEvents events) : IHttpApplication<HttpContext>
{
    private readonly Lazy<PageText> _page = new(PageText.Load);

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => health.CreateContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception) => health.DisposeContext(context, exception);

    public Task ProcessRequestAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        return (HttpMethods.IsGet(request.Method), HttpMethods.IsHead(request.Method), request.Path.Value) switch
        {
            (true, _, "/") or (_, true, "/") => AnswerPageAsync(context),
            (true, _, "/events") => events.AnswerAsync(context),
            _ => health.ProcessRequestAsync(context),
        };
    }

    private async Task AnswerPageAsync(HttpContext context)
    {
        PageText page = _page.Value;
        byte[] bytes = Encoding.UTF8.GetBytes(page.Html);
        HttpResponse response = context.Response;
        (response.ContentType, response.ContentLength) = ("text/html; charset=utf-8", bytes.Length);
        response.Headers.ContentSecurityPolicy = page.Policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";

        // The page is the daemon's: a browser asks again, so that a new version is seen.
        response.Headers.CacheControl = "no-cache";
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
    }
}
