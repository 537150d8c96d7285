using System.Net;
using Overlay.ControlPlane.Sources.Proxies;

namespace Overlay.ControlPlane.Tests;

/// <summary>The cases of golang.org/x/net/http/httpproxy's own tests, and those of a node.</summary>
public class ProxyEnvironmentTests
{
    private const string Proxy = "http://192.0.2.1:3128";

    [Theory]
    [InlineData("https://192.0.2.10:6443", "192.0.2.0/24", false)]
    [InlineData("https://192.0.2.10:6443", "192.0.2.77/24", false)]
    [InlineData("https://198.51.100.10:6443", "192.0.2.0/24", true)]
    [InlineData("https://[2001:db8::10]:6443", "10.0.0.0/8, 2001:db8::/32", false)]
    [InlineData("https://[2001:db9::10]:6443", "2001:db8::/32", true)]
    [InlineData("https://[::ffff:192.0.2.10]", "192.0.2.0/24", false)]
    [InlineData("https://192.0.2.10:6443", "192.0.2.10", false)]
    [InlineData("https://192.0.2.10:6443", "192.0.2.10:6443", false)]
    [InlineData("https://192.0.2.10:6443", "192.0.2.10:443", true)]
    [InlineData("https://192.0.2.10", "192.0.2.10:443", false)]
    [InlineData("https://[2001:db8::10]:6443", "2001:db8::10", false)]
    [InlineData("https://[2001:db8::10]:6443", "[2001:db8::10]:6443", false)]
    [InlineData("https://[2001:db8::10]:6443", "[2001:db8::10]:443", true)]
    [InlineData("https://example.com", "example.com", false)]
    [InlineData("https://EXAMPLE.com", "foo,Example.COM", false)]
    [InlineData("https://api.example.com", "example.com", false)]
    [InlineData("https://barexample.com", "example.com", true)]
    [InlineData("https://example.com", ".example.com", true)]
    [InlineData("https://example.com", "*.example.com", true)]
    [InlineData("https://api.example.com", "*.example.com", false)]
    [InlineData("https://api.example.com:6443", ".example.com:6443", false)]
    [InlineData("https://api.example.com", ".example.com:6443", true)]
    [InlineData("https://example.com", "ample.com", true)]
    [InlineData("https://example.com", "*", false)]
    [InlineData("https://192.0.2.10", "x,*", false)]
    [InlineData("https://192.0.2.10", "192.0.2.0/33, :443, ,/24", true)]
    [InlineData("https://localhost:6443", "", false)]
    [InlineData("https://127.1.2.3:6443", "", false)]
    [InlineData("https://[::1]:6443", "", false)]
    [InlineData("https://192.0.2.10:6443", "", true)]
    public void Exceptions_are_read_as_Go_reads_them(string url, string exceptions, bool isProxied)
    {
        ProxyEnvironment proxies = Of(("HTTPS_PROXY", Proxy), ("NO_PROXY", exceptions));
        proxies.GetProxy(new(url)).ShouldBe(isProxied ? new Uri(Proxy) : null);
        proxies.IsBypassed(new(url)).ShouldBe(!isProxied);
    }

    [Theory]
    [InlineData("https://example.com", "http://b:2/")]
    [InlineData("http://example.com", "http://a:1/")]
    [InlineData("ftp://example.com", null)]
    public void Each_scheme_has_a_proxy_of_its_own(string url, string? proxy) =>
        Of(("HTTP_PROXY", "http://a:1"), ("HTTPS_PROXY", "http://b:2"), ("ALL_PROXY", "http://c:3"))
            .GetProxy(new(url)).ShouldBe(proxy is null ? null : new Uri(proxy));

    [Theory]
    [InlineData("proxy.example.com:3128", "http://proxy.example.com:3128")]
    [InlineData("proxy.example.com", "http://proxy.example.com:80")]
    [InlineData("192.0.2.1:3128", "http://192.0.2.1:3128")]
    [InlineData("https://proxy.example.com", "https://proxy.example.com:443")]
    [InlineData("socks5://proxy.example.com", "socks5://proxy.example.com:1080")]
    [InlineData("socks5h://[2001:db8::1]:9", "socks5://[2001:db8::1]:9")]
    [InlineData(" http://u:p@proxy.example.com:3128/path ", "http://proxy.example.com:3128")]
    public void A_proxy_is_a_URL_or_a_host_with_a_port(string text, string proxy) =>
        Of(("https_proxy", text)).GetProxy(new("https://example.com")).ShouldBe(new Uri(proxy));

    [Fact]
    public void The_name_in_capitals_comes_first_and_an_empty_one_is_none()
    {
        Of(("HTTPS_PROXY", "http://a:1"), ("https_proxy", "http://b:2")).GetProxy(new("https://example.com"))
            .ShouldBe(new Uri("http://a:1"));
        Of(("HTTPS_PROXY", ""), ("https_proxy", "http://b:2"), ("no_proxy", "example.org"))
            .GetProxy(new("https://example.com")).ShouldBe(new Uri("http://b:2"));
        Of().GetProxy(new("https://example.com")).ShouldBeNull();
    }

    [Fact]
    public void A_proxy_that_asks_is_shown_what_its_URL_has()
    {
        ProxyEnvironment proxies = Of(("HTTPS_PROXY", "http://me:p%40ss@proxy:3128"), ("HTTP_PROXY", "http://other:1"));
        NetworkCredential? shown = proxies.Credentials!.GetCredential(
            proxies.GetProxy(new("https://example.com"))!, "Basic");
        shown.ShouldNotBeNull();
        (shown.UserName, shown.Password).ShouldBe(("me", "p@ss"));
        proxies.Credentials.GetCredential(proxies.GetProxy(new("http://example.com"))!, "Basic").ShouldBeNull();
    }

    [Theory]
    [InlineData("ftp://proxy:1")]
    [InlineData("http://user:secret@:99999")]
    [InlineData("http://")]
    public void A_variable_that_is_no_URL_is_refused_by_name_and_without_its_password(string text)
    {
        string message = Should.Throw<InvalidDataException>(() => Of(("https_proxy", text))).Message;
        message.ShouldStartWith("environment variable https_proxy is \"");
        message.ShouldEndWith("\", not a proxy's URL such as http://proxy.example.com:3128");
        message.ShouldNotContain("secret");
    }

    private static ProxyEnvironment Of(params (string Name, string Value)[] variables) =>
        ProxyEnvironment.Of(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
