using Microsoft.Playwright;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.StatusPage;

/// <summary>Debian's Chromium, without a window, on a node of a lab; it notes what a page should not do.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";

    // Four rounds of probes, and labs beside.
    private const int PatienceMilliseconds = 20_000;

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) =>
        (_playwright, _browser) = (playwright, browser);

    /// <summary>Everything that the pages asked for.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    /// <summary>Errors of scripts, and what the browser refused by the page's policy.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _requests = new();
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _faults = new();

    public static async Task<Browser> StartAsync(Node node, string directory)
    {
        // Playwright talks to the browser by descriptors, which go through to the namespace.
        string start = Path.Combine(directory, "chromium");
        ShellScript.Write(start, $"#!/bin/sh\nexec ip netns exec {node.Namespace} {Chromium} \"$@\"\n");
        Assertions.SetDefaultExpectTimeout(PatienceMilliseconds);
        IPlaywright playwright = await Playwright.CreateAsync();
        try
        {
            IBrowser browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = start,
                Args =
                [
                    // The tests are root's, whom Chromium's sandbox does not serve; and it finds nobody out there.
                    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
                    "--disable-background-networking", "--disable-component-update",
                ],
            });
            return new Browser(playwright, browser);
        }
        catch
        {
            playwright.Dispose();
            throw;
        }
    }

    /// <summary>Opens the status page of the browser's own node.</summary>
    public async Task<IPage> OpenAsync(BrowserNewPageOptions? options = null)
    {
        IPage page = await _browser.NewPageAsync(options);
        page.Request += (_, request) => _requests.Enqueue(request.Url);
        page.PageError += (_, error) => _faults.Enqueue(error);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _faults.Enqueue(message.Text);
        };
        _ = await page.GotoAsync("http://127.0.0.1:9472/");
        return page;
    }

    /// <summary>Keeps a picture of the page where the run keeps such.</summary>
    public async Task KeepPictureAsync(IPage page, string name)
    {
        _ = await page.ScreenshotAsync(new PageScreenshotOptions
        {
            Path = Path.Combine(Artifacts.Directory, $"status-page-{name}.png"),
            FullPage = true,
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
