using Microsoft.Extensions.Configuration;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Tests;

public sealed class ConfigurationLoaderTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public ConfigurationLoaderTests() => File.WriteAllText(_file, """
        { "Overlay": { "NodeName": "file", "Network": { "Vni": 1, "Port": 1, "Mtu": 1 } }, "Serilog": { "MinimumLevel": "Warning" } }
        """);

    [Fact]
    public void Command_line_wins_over_environment_and_environment_over_the_file()
    {
        Environment.SetEnvironmentVariable("OVERLAY_Network__Port", "2");
        Environment.SetEnvironmentVariable("OVERLAY_Network__Mtu", "2");
        try
        {
            IConfiguration configuration = ConfigurationLoader.Load(["--config", _file, "--Network:Mtu", "3"]);
            configuration["Overlay:NodeName"].ShouldBe("file");
            configuration["Overlay:Network:Vni"].ShouldBe("1");
            configuration["Overlay:Network:Port"].ShouldBe("2");
            configuration["Overlay:Network:Mtu"].ShouldBe("3");
            configuration["Serilog:MinimumLevel"].ShouldBe("Warning");
        }
        finally
        {
            Environment.SetEnvironmentVariable("OVERLAY_Network__Port", null);
            Environment.SetEnvironmentVariable("OVERLAY_Network__Mtu", null);
        }
    }

    [Fact]
    public void Variables_that_kubernetes_makes_for_a_service_are_no_keys()
    {
        Environment.SetEnvironmentVariable("OVERLAY_SERVICE_HOST", "10.96.0.7");
        Environment.SetEnvironmentVariable("OVERLAY_PORT_80_TCP", "tcp://10.96.0.7:80");
        Environment.SetEnvironmentVariable("OVERLAY_CONFIG", _file);
        try
        {
            IConfiguration configuration = ConfigurationLoader.Load([]);
            configuration.GetSection("Overlay").GetChildren().Select(key => key.Key).ShouldBe(["Network", "NodeName"]);
        }
        finally
        {
            Environment.SetEnvironmentVariable("OVERLAY_SERVICE_HOST", null);
            Environment.SetEnvironmentVariable("OVERLAY_PORT_80_TCP", null);
            Environment.SetEnvironmentVariable("OVERLAY_CONFIG", null);
        }
    }

    [Fact]
    public void A_configuration_file_has_a_bound()
    {
        const int most = 1024 * 1024;
        File.WriteAllText(_file, """{ "Overlay": { "NodeName": "file" } }""".PadRight(most));
        ConfigurationLoader.Load(["--config", _file])["Overlay:NodeName"].ShouldBe("file");
        File.AppendAllText(_file, " ");
        Should.Throw<ConfigurationException>(() => ConfigurationLoader.Load(["--config", _file])).Message
            .ShouldStartWith(
                $"the configuration file '{_file}' has 1048577 bytes, more than the 1048576 that it may have; ");
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_configuration_file_has_64_levels_at_most(int levels, bool isRead)
    {
        string nested = string.Concat(Enumerable.Repeat("""{"x":""", levels - 1));
        File.WriteAllText(_file, $"{nested}{{}}{new string('}', levels - 1)}");
        Exception? fault = Record.Exception(() => ConfigurationLoader.Load(["--config", _file]));
        (fault is null).ShouldBe(isRead, fault?.Message);
        if (!isRead) fault.ShouldBeOfType<ConfigurationException>().Message.ShouldContain(_file);
    }

    [Theory]
    [InlineData("ControlPlane:Etcd:Password=hunter2")]
    [InlineData("-Password=hunter2")]
    public void An_argument_that_is_not_understood_is_named_without_its_value(string argument) =>
        Should.Throw<ConfigurationException>(() => ConfigurationLoader.Load([argument])).Message
            .ShouldNotContain("hunter2");

    [Theory]
    [InlineData("--Overlay:NodeName=x")]
    [InlineData("--NodeName=x")]
    public void Keys_may_be_given_with_and_without_the_section(string argument) =>
        ConfigurationLoader.Load([$"--config={_file}", argument])["Overlay:NodeName"].ShouldBe("x");

    [Theory]
    [InlineData("--Network:Vni")]
    [InlineData("--")]
    [InlineData("-v")]
    public void An_argument_without_key_or_value_is_named(string argument) =>
        Should.Throw<ConfigurationException>(
            () => ConfigurationLoader.Load(["--config", _file, argument])).Message.ShouldContain($"'{argument}'");

    public void Dispose() => File.Delete(_file);
}
