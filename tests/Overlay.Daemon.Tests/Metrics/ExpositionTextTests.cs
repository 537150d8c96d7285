using System.Text;
using Overlay.Daemon.Metrics;

namespace Overlay.Daemon.Tests;

public class ExpositionTextTests
{
    [Theory]
    [InlineData("up{} 1\n", "up 1\n")]
    [InlineData("# HELP up {} is kept\nup{} 1\ndown{} 2\n", "# HELP up {} is kept\nup 1\ndown 2\n")]
    [InlineData("up{of=\"{} \"} 1\n", "up{of=\"{} \"} 1\n")]
    [InlineData("", "")]
    public void Braces_go_behind_names_alone(string text, string left)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Encoding.UTF8.GetString(bytes, 0, ExpositionText.RemoveEmptyBraces(bytes)).ShouldBe(left);
    }
}
