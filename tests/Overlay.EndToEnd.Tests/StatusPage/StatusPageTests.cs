using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab.Topology;
using static Microsoft.Playwright.Assertions;

namespace Overlay.EndToEnd.Tests.StatusPage;

/// <summary>The page at / in a real browser: it shows what the node does, and says when it cannot.</summary>
public class StatusPageTests
{
    private const string Origin = "http://127.0.0.1:9472/";

    [Fact]
    public async Task A_viewer_sees_peers_traffic_and_drops_move_and_the_page_asks_nobody_else()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "page", Nodes = 3 });
        Node a = cluster["a"];
        await using Browser browser = await Browser.StartAsync(a, cluster.Lab.Directory);
        IPage page = await browser.OpenAsync();
        await Expect(page).ToHaveTitleAsync("a: forwarding");
        await Expect(page.Locator("#state")).ToHaveTextAsync("forwarding");
        await Expect(page.Locator("#facts")).ToContainTextAsync("pods 10.244.1.0/24 and ");
        await Expect(page.Locator("#peer-count")).ToHaveTextAsync("2 accepted");
        await Expect(page.Locator("#store-state")).ToHaveTextAsync("connected");
        await Expect(page.Locator("#faults")).ToBeHiddenAsync();

        // The probes of both families have come back.
        ILocator rows = page.Locator("#peers tbody tr");
        await Expect(rows).ToHaveCountAsync(2);
        ILocator b = rows.Filter(new LocatorFilterOptions { HasText = "10.244.2.0/24" });
        await Expect(b.Locator("td[data-label=Loss]")).ToHaveTextAsync("0 %");
        await Expect(b.Locator("td[data-label='Round trip']")).ToContainTextAsync("s / ");
        await Expect(b.Locator("td[data-label='Path MTU']")).ToHaveTextAsync("1450 / 1430");
        await Expect(page.Locator("#mesh g.good line")).ToHaveCountAsync(2);
        (await page.Locator("#mesh").GetAttributeAsync("aria-label")).ShouldStartWith("2 peers: 2 sound, 0 lose");

        // Traffic moves the figures, and packets to nobody are drops with their reason.
        using CancellationTokenSource ending = new();
        Task flood = Task.Run(() =>
        {
            while (!ending.IsCancellationRequested)
            {
                UdpBurst.Check(a.Pods[0], cluster["b"].Pods[0], cluster["b"].Pods[0].AddressV4!, 1000, 20, 7);
                Thread.Sleep(5);
            }
        });
        try
        {
            await Expect(page.Locator("#egress-bits")).ToHaveTextAsync(new Regex("^[0-9.]+ Mbit/s$"));
            await Expect(b.Locator("td[data-label=Traffic]")).ToHaveTextAsync(new Regex("^[0-9.]+ Mbit/s$"));
            string? curve = await page.Locator("#egress-curve path").GetAttributeAsync("d");
            curve.ShouldNotBeNull().ShouldContain("L");
        }
        finally
        {
            await ending.CancelAsync();
            await flood;
        }

        ILocator drops = page.Locator("#drops tr")
            .Filter(new LocatorFilterOptions { HasText = "egressIpOutNoRoutes" }).Locator("td.number");
        int before = await drops.CountAsync() == 0 ? 0 : await NumberIn(drops);
        _ = a.Pods[0].Ping(IPAddress.Parse("10.244.9.9"), 3);
        await Expect(drops).ToHaveCountAsync(1);
        for (int look = 0; look < 100 && await NumberIn(drops) < before + 3; look++) await Task.Delay(100);
        (await NumberIn(drops)).ShouldBeGreaterThanOrEqualTo(before + 3);
        await browser.KeepPictureAsync(page, "desk");

        await page.Locator("#filter").FillAsync("10.244.3");
        await Expect(rows).ToHaveCountAsync(1);
        browser.Requests.ShouldAllBe(static url => url == Origin || url == $"{Origin}events" || url.StartsWith("data:"));
        browser.Faults.ShouldBeEmpty();
    }

    private static async Task<int> NumberIn(ILocator cell) =>
        int.Parse(await cell.InnerTextAsync(), NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_fault_is_shown_with_its_mend_and_an_end_of_the_daemon_is_said()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "pagefault" });
        Node a = cluster["a"];
        await using Browser browser = await Browser.StartAsync(a, cluster.Lab.Directory);
        IPage page = await browser.OpenAsync();
        await Expect(page.Locator("#mesh g.good line")).ToHaveCountAsync(1);

        // A peer that no longer answers, and one behind a path that is too narrow.
        cluster.Lab.Switch.Ip("link set port-b mtu 1400");
        await Expect(page.Locator("#mesh g.warn line")).ToHaveCountAsync(1);
        await Expect(page.Locator("#peers td.note")).ToContainTextAsync("the underlay");
        cluster.Lab.Switch.Ip("link set port-b down");
        await Expect(page.Locator("#mesh g.bad line")).ToHaveCountAsync(1);

        a.Ip("link set overlay.1 down");
        await Expect(page.Locator("#state")).ToHaveTextAsync("impaired");
        await Expect(page.Locator("#fault-list li.bad").First)
            .ToContainTextAsync("overlay.1 is down: pods reach no other node;");
        await browser.KeepPictureAsync(page, "faults");

        cluster.Daemons[0].Stop();
        await Expect(page.Locator("#connection")).ToContainTextAsync("The connection to overlayd is lost");
        a.StartDaemon().WaitReady();
        await Expect(page.Locator("#connection")).ToBeHiddenAsync();
        await Expect(page.Locator("#state")).ToHaveTextAsync("forwarding");
    }

    [Fact]
    public async Task A_phone_in_the_dark_reads_it_without_scrolling_sideways()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "pagephone", Nodes = 3, PodsPerNode = 0 });
        await using Browser browser = await Browser.StartAsync(cluster["a"], cluster.Lab.Directory);
        IPage page = await browser.OpenAsync(new BrowserNewPageOptions
        {
            ViewportSize = new ViewportSize { Width = 360, Height = 740 },
            ColorScheme = ColorScheme.Dark,
            DeviceScaleFactor = 2,
        });
        await Expect(page.Locator("#mesh g.good line")).ToHaveCountAsync(2);
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBe(360);
        await Expect(page.Locator("body")).ToHaveCSSAsync("background-color", "rgb(18, 21, 26)");
        await browser.KeepPictureAsync(page, "phone");
        browser.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_peers_are_tiles_and_another_ones_name_is_no_markup()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "pagemany", Nodes = 1, PodsPerNode = 0 });
        await using Browser browser = await Browser.StartAsync(cluster["a"], cluster.Lab.Directory);
        IPage page = await browser.OpenAsync();
        await Expect(page.Locator("#state")).ToHaveTextAsync("forwarding");
        int[] found = await page.EvaluateAsync<int[]>("""
            () => {
              showPeers({ total: 5000, rows: Array.from({ length: 200 }, (_, i) => ({
                node: `<img src=x onerror=alert(1)>${i}`, state: "accepted", podCidrs: [`10.244.${i}.0/24`],
                underlay: ["192.0.2.1"], path: "tunnel", reason: null, bytes: 0, probes: [{ family: "IPv4", kind: "overlay",
                loss: i < 3 ? 0.5 : 0, rttMicroseconds: 250, mtu: 1450, isNarrow: false, notes: [] }] })) });
              const count = wanted => document.querySelectorAll(wanted).length;
              return [count("#mesh rect"), count("#mesh g.warn rect"), count("#peers tbody tr"), count("img")];
            }
            """);
        found.ShouldBe([200, 3, 200, 0]);
        browser.Faults.ShouldBeEmpty();
    }
}
