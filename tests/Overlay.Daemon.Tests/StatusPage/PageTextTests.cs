using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Overlay.Daemon.StatusPage;

namespace Overlay.Daemon.Tests;

public sealed class PageTextTests
{
    private readonly PageText _page = PageText.Load();

    [Fact]
    public void The_policy_allows_the_pages_own_script_and_style_and_connections_to_the_daemon_alone()
    {
        _page.Policy.ShouldStartWith("default-src 'none'; ");
        _page.Policy.ShouldContain($"script-src 'sha256-{Hash("script")}';");
        _page.Policy.ShouldContain($"style-src 'sha256-{Hash("style")}';");
        _page.Policy.ShouldContain("connect-src 'self';");
        _page.Policy.ShouldNotContain("unsafe");
    }

    [Fact]
    public void The_page_names_no_other_file()
    {
        Html.ShouldNotContain("{{page.");
        Regex.Matches(Html, "(?:src|href)=\"([^\"]*)\"").Select(static match => match.Groups[1].Value)
            .ShouldAllBe(static value => value.StartsWith("data:", StringComparison.Ordinal));
        Html.ShouldNotContain("@import");
    }

    // Other people's names come as text: nothing of them may become a part of the page.
    [Fact]
    public void The_script_makes_no_markup_of_what_it_gets()
    {
        foreach (string way in new[] { "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(" })
            Html.ShouldNotContain(way);
    }

    private string Html => Encoding.UTF8.GetString(_page.Html.Span);

    private string Hash(string element)
    {
        string text = Regex.Match(Html, $"<{element}>(.*)</{element}>", RegexOptions.Singleline).Groups[1].Value;
        return Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
