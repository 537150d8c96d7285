using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.ControlPlane.Sources.Kubernetes.Own;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

/// <summary>Answers to a write and events of the watch, in every order in which they can arrive.</summary>
public sealed class OwnNodeStateTests
{
    private readonly OwnNodeState _state = new(
        "own", SampleNodes.Keys, new KubernetesTimings(), TimeProvider.System, NullLogger.Instance);
    private readonly ApiNode _bare = new() { Name = "own", Uid = "1" };
    private readonly ApiNode _written = new() { Name = "own", Uid = "1" };

    public OwnNodeStateTests()
    {
        _state.Publish(Own);
        foreach ((string key, string? value) in NodeAnnotations.Of(Own, _bare, SampleNodes.Keys, out _))
        {
            if (value is not null) _written.Annotations[key] = value;
        }
    }

    [Fact]
    public void A_node_that_was_written_needs_no_write()
    {
        Write();
        _state.NeedsWrite.ShouldBeFalse();
        _state.See(_written);
        _state.NeedsWrite.ShouldBeFalse();
        _state.See(_bare);
        _state.NeedsWrite.ShouldBeTrue();
    }

    [Fact]
    public void A_change_that_is_seen_before_the_answer_to_a_write_is_looked_at_again()
    {
        _state.Begin();
        _state.Read(_bare);
        _ = _state.Patch(_bare);
        _state.See(_bare);
        _state.Written(_written);
        _state.NeedsWrite.ShouldBeTrue();
        Write();
        _state.NeedsWrite.ShouldBeFalse();
    }

    [Fact]
    public void A_change_that_is_seen_before_the_answer_to_a_read_is_looked_at_again()
    {
        _state.Begin();
        _state.See(_bare);
        _state.Read(_written);
        _state.Patch(_written).ShouldBeNull();
        _state.Written(_written);
        _state.NeedsWrite.ShouldBeTrue();
    }

    private void Write()
    {
        _state.Begin();
        _state.Read(_written);
        _ = _state.Patch(_written);
        _state.Written(_written);
    }
}
