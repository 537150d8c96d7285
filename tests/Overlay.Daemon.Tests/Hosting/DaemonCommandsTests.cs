using Overlay.Daemon.Hosting;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Tests;

public sealed class DaemonCommandsTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(null, "--config", "/etc/overlay/overlay.json")]
    [InlineData(null, "--Network:Vni", "7")]
    [InlineData("uninstall", "uninstall", "--config", "x")]
    [InlineData("install-cni", "install-cni")]
    public void The_first_word_is_the_command(string? command, params string[] arguments) =>
        DaemonCommands.Find(arguments).ShouldBe(command);

    [Theory]
    [InlineData("unistall", "'unistall' is not known to overlayd; did you mean 'uninstall'?")]
    [InlineData("start", "'start' is not a command of overlayd; see: overlayd --help")]
    public void A_word_that_is_no_command_is_refused_with_what_was_meant(string word, string fault) =>
        Should.Throw<ConfigurationException>(() => DaemonCommands.Find([word])).Message.ShouldContain(fault);

    [Fact]
    public void Keys_are_no_question_about_the_program() =>
        DaemonCommands.TryAnswer(["--Network:Vni", "7"]).ShouldBeFalse();
}
